/* The mlp grammar: tree building, nothing else. LALR(1) without a conflict.
 *
 *     bison -o parser.c --defines=parser.h -Wcounterexamples parser.y
 *
 * Include the generated header as <parser.h>: with quotes a stale one beside the source would win.
 *
 * Nothing ends a statement: each begins with a word that nothing before it can end with. Lists are
 * left-recursive, so their length costs no stack. An action calls one builder (src/lang/build.c); the place of a
 * `name` gives its word as written, `$p` included. Values are pointers at most: they are copied all the time. After a mistake `bad` gives up what was begun; src/lang/token.c then goes
 * on at the next token that can begin something (or open a body), so no token is ever discarded here. */
%code requires {
#include "lang/parse.h"
}

%define api.prefix {mln_yy}
%define api.pure full
%define api.value.type union
%define api.location.type {struct mln_span}
%define parse.error custom
%define parse.lac full
%define lr.default-reduction consistent
%locations
%param {struct mln_parse *st}
%expect 0

%code {
/* MLN_MAX_NESTING levels need at most eight symbols each, so the stack never has to grow. */
#define YYINITDEPTH 4000
#define YYMAXDEPTH YYINITDEPTH
#define YYLLOC_DEFAULT(current, rhs, n) \
    do { \
        (current).file = YYRHSLOC(rhs, (n) ? 1 : 0).file; \
        (current).lo = (n) ? YYRHSLOC(rhs, 1).lo : YYRHSLOC(rhs, 0).hi; \
        (current).hi = YYRHSLOC(rhs, n).hi; \
    } while (0)

/* A name has no value: it is what stands at its place. */
#define WORD(span) mln_word_at(st, (span))

int mln_yylex(MLN_YYSTYPE *value, MLN_YYLTYPE *span, struct mln_parse *st);
/* Memory and stack exhaustion only: syntax errors go through yyreport_syntax_error. */
static void yyerror(const MLN_YYLTYPE *span, struct mln_parse *st, const char *message)
{
    (void)message;
    mln_syntax_exhausted(st, *span);
}
}

%token END 0 "the end of the file"
%token START_FILE START_VALUE START_SIDE START_SERVICES

%token IMPORT "'import'" PARAM "'param'" NETWORK "'network'" ZONE "'zone'" ASG "'asg'"
%token EXTERNAL "'external'" PEER "'peer'" CONNECT "'connect'" GROUP "'group'" SERVICE "'service'"
%token RESOURCE "'resource'" KIND "'kind'" GEOGRAPHY "'geography'" TEMPLATE "'template'"
%token APPLY "'apply'" WHEN "'when'" DEFAULT "'default'" ALLOW "'allow'" DENY "'deny'"
%token FORBID "'forbid'" ASSERT "'assert'"
%token ELSE "'else'" FROM "'from'" TO "'to'" WITHIN "'within'" EXCEPT "'except'" AS "'as'"
%token OVERRIDES "'overrides'" UNTIL "'until'" OWNER "'owner'" BECAUSE "'because'"
%token ANY "'any'" TCP "'tcp'" UDP "'udp'" ICMP "'icmp'" ESP "'esp'" AH "'ah'"

/* Words that mean something only where they stand; free as names. REGION first, FIREWALL last. */
%token REGION "'region'" RESOURCE_GROUP "'resource-group'" SUBSCRIPTION "'subscription'" ID "'id'"
%token EXISTING "'existing'" DNS "'dns'" NSG "'nsg'" SUBNET "'subnet'" ROLE "'role'"
%token SERVICE_ENDPOINT "'service-endpoint'" ONLY "'only'" DELEGATION "'delegation'" ROUTE "'route'"
%token OVERLAY "'overlay'" EGRESS "'egress'" APPLIANCE "'appliance'" INTERNET "'internet'"
%token NONE "'none'" GATEWAY "'gateway'" IN "'in'" AT "'at'" WITH "'with'" VIA "'via'"
%token SITE_TO_SITE "'site-to-site'" POINT_TO_SITE "'point-to-site'" EXPRESSROUTE "'expressroute'"
%token INBOUND "'inbound'" OUTBOUND "'outbound'" AZURE "'azure'" SOURCE "'source'"
%token ENDPOINT "'endpoint'" NAME_KEY "'name'" SKU "'sku'" PUBLIC "'public'" WIDEN "'widen'"
%token TYPE "'type'" API "'api'" TAG "'tag'" PREREQUISITE "'prerequisite'" PORTS "'ports'"
%token FIREWALL "'firewall'"

%token NAME "a name" DOLLAR "a parameter" MODULE "a module path"
%token BADWORD "a word that is none"
%token <struct mln_value *> NUMBER "a number" RANGE "a range" DATE "a date"
%token <struct mln_value *> PREFIX "an address" STRING "a string"
%token '(' "'('" ')' "')'" '{' "'{'" '}' "'}'" ',' "','" '=' "'='"

%type <struct mln_value *> value name_value region string prefix port date equals default_value
%type <struct mln_values> values names prefixes strings addresses name_or_strings only at
%type <struct mln_side *> side
%type <struct mln_values> terms
%type <struct mln_value *> term
%type <struct mln_services> services
%type <struct mln_service *> service ported
%type <unsigned> transport plain
%type <struct mln_clauses *> clauses
%type <enum mln_verb> verb assertion_verb
%type <struct mln_direction_words> direction
%type <enum mln_default_kind> default_kind
%type <enum mln_via> via
%type <struct mln_arguments> arguments argument_list
%type <struct mln_argument *> argument
%type <struct mln_template_params> params param_list
%type <struct mln_template_param *> template_param
%type <struct mln_nodes> statements network_items zone_items peer_items resource_items kind_items
%type <struct mln_nodes> kind_endpoint_items firewall_items
%type <struct mln_nodes> block network_body network_block zone_body zone_block peer_body
%type <struct mln_nodes> resource_body resource_block kind_block kind_endpoint_block firewall_block
%type <struct mln_else *> otherwise network_else zone_else resource_else kind_else
%type <struct mln_node *> statement when network_item network_when zone zone_item zone_when asg
%type <struct mln_node *> default_rule peer_item resource_item resource_when kind_item kind_when
%type <struct mln_node *> kind_endpoint_item firewall_item route hop condition

%%

start:
    START_FILE statements           { st->nodes = mln_nodes_first($2); }
  | START_VALUE value               { st->value = $2; }
  | START_SIDE side                 { st->side = $2; }
  | START_SERVICES services         { st->services = mln_services_first($2); }
  ;

/* --- statements --- */

statements:
    %empty                          { $$ = (struct mln_nodes){0}; }
  | statements statement            { $$ = mln_nodes_add($1, $2); }
  | statements bad                  { $$ = $1; }
  ;

block:
    '{' statements '}'              { $$ = $2; }
  ;

statement:
    IMPORT MODULE alias             { $$ = mln_make_import(st, @$, @1, WORD(@2), NULL, WORD(@3)); }
  | IMPORT name alias               { $$ = mln_make_import(st, @$, @1, WORD(@2), NULL, WORD(@3)); }
  | IMPORT STRING alias             { $$ = mln_make_import(st, @$, @1, mln_word_none(), $2, WORD(@3)); }
  | IMPORT bad                      { $$ = NULL; }
  | PARAM name default_value        { $$ = mln_make_param(st, @$, @1, WORD(@2), $3); }
  | PARAM bad                       { $$ = NULL; }
  | NETWORK name prefixes network_body
                                    { $$ = mln_make_block(st, @$, @1, MLN_NODE_NETWORK, WORD(@2), $3, $4); }
  | NETWORK bad network_body        { $$ = NULL; }
  | NETWORK name bad network_body   { $$ = mln_make_block(st, @$, @1, MLN_NODE_NETWORK, WORD(@2), mln_values_poison(st, @3), $4); }
  | EXTERNAL name addresses         { $$ = mln_make_block(st, @$, @1, MLN_NODE_EXTERNAL, WORD(@2), $3, mln_nodes_none()); }
  | EXTERNAL bad                    { $$ = NULL; }
  | PEER name WITH name peer_body   { $$ = mln_make_pair(st, @$, @1, MLN_NODE_PEER, WORD(@2), WORD(@4), mln_values_none(), $5); }
  | PEER bad peer_body              { $$ = NULL; }
  | CONNECT name TO name VIA via    { $$ = mln_make_connect(st, @$, @1, WORD(@2), WORD(@4), $6); }
  | CONNECT bad                     { $$ = NULL; }
  | GROUP name '=' side             { $$ = mln_make_group(st, @$, @1, WORD(@2), $4); }
  | GROUP bad                       { $$ = NULL; }
  | SERVICE name '=' services       { $$ = mln_make_service(st, @$, @1, WORD(@2), $4); }
  | SERVICE bad                     { $$ = NULL; }
  | RESOURCE name name resource_body
                                    { $$ = mln_make_pair(st, @$, @1, MLN_NODE_RESOURCE, WORD(@2), WORD(@3), mln_values_none(), $4); }
  | RESOURCE bad resource_body      { $$ = NULL; }
  | KIND name kind_block            { $$ = mln_make_block(st, @$, @1, MLN_NODE_KIND, WORD(@2), mln_values_none(), $3); }
  | KIND bad                        { $$ = NULL; }
  | KIND bad kind_block             { $$ = NULL; }
  | GEOGRAPHY name '=' names        { $$ = mln_make_block(st, @$, @1, MLN_NODE_GEOGRAPHY, WORD(@2), $4, mln_nodes_none()); }
  | GEOGRAPHY bad                   { $$ = NULL; }
  | TEMPLATE name params block      { $$ = mln_make_template(st, @$, @1, WORD(@2), $3, $4); }
  | TEMPLATE bad                    { $$ = NULL; }
  | TEMPLATE bad block              { $$ = NULL; }
  | APPLY name arguments clauses    { $$ = mln_make_apply(st, @$, @1, WORD(@2), $3, $4); }
  | APPLY bad                       { $$ = NULL; }
  | verb services FROM side TO side clauses
                                    { $$ = mln_make_intent(st, @$, @1, $1, $2, $4, $6, $7); }
  | verb services WITHIN side clauses
                                    { $$ = mln_make_intent(st, @$, @1, $1, $2, $4, NULL, $5); }
  | verb bad                        { $$ = NULL; }
  | ASSERT assertion_verb services FROM side TO side clauses
                                    { $$ = mln_make_intent(st, @$, @1, $2, $3, $5, $7, $8); }
  | ASSERT assertion_verb services WITHIN side clauses
                                    { $$ = mln_make_intent(st, @$, @1, $2, $3, $5, NULL, $6); }
  | ASSERT bad                      { $$ = NULL; }
  | asg
  | default_rule
  | when
  ;

alias:
    %empty
  | AS name                         { @$ = @2; }
  ;

default_value:
    %empty                          { $$ = NULL; }
  | '=' value                       { $$ = $2; }
  ;

asg:
    ASG name IN name                { $$ = mln_make_pair(st, @$, @1, MLN_NODE_ASG, WORD(@2), WORD(@4), mln_values_none(), mln_nodes_none()); }
  | ASG bad                         { $$ = NULL; }
  ;

default_rule:
    DEFAULT direction default_kind  { $$ = mln_make_default(st, @$, @1, $2, $3); }
  | DEFAULT bad                     { $$ = NULL; }
  ;

direction:
    %empty                          { $$ = (struct mln_direction_words){true, true, false}; }
  | INBOUND                         { $$ = (struct mln_direction_words){true, false, true}; }
  | OUTBOUND                        { $$ = (struct mln_direction_words){false, true, true}; }
  ;

default_kind:
    DENY                            { $$ = MLN_DEFAULT_DENY; }
  | ALLOW                           { $$ = MLN_DEFAULT_ALLOW; }
  | AZURE                           { $$ = MLN_DEFAULT_AZURE; }
  ;

via:
    SITE_TO_SITE                    { $$ = MLN_VIA_SITE_TO_SITE; }
  | POINT_TO_SITE                   { $$ = MLN_VIA_POINT_TO_SITE; }
  | EXPRESSROUTE                    { $$ = MLN_VIA_EXPRESSROUTE; }
  ;

/* --- when: one for each place, since each admits its own items --- */

condition:
    DOLLAR equals                   { $$ = mln_make_condition(st, @1, $2); }
  ;

equals:
    %empty                          { $$ = NULL; }
  | '=' value                       { $$ = $2; }
  ;

when:
    WHEN condition block otherwise       { $$ = mln_finish_when($2, @$, @1, $3, $4); }
  | WHEN bad                        { $$ = NULL; }
  | WHEN bad block otherwise             { $$ = NULL; }
  ;

otherwise:
    %empty                          { $$ = NULL; }
  | ELSE block                      { $$ = mln_make_else(st, mln_nodes_first($2)); }
  | ELSE when                       { $$ = mln_make_else(st, $2); }
  | ELSE bad                        { $$ = NULL; }
  | ELSE bad block                  { $$ = mln_make_else(st, mln_nodes_first($3)); }
  ;

network_when:
    WHEN condition network_block network_else
                                    { $$ = mln_finish_when($2, @$, @1, $3, $4); }
  | WHEN bad                        { $$ = NULL; }
  | WHEN bad network_block network_else
                                    { $$ = NULL; }
  ;

network_else:
    %empty                          { $$ = NULL; }
  | ELSE network_block              { $$ = mln_make_else(st, mln_nodes_first($2)); }
  | ELSE network_when               { $$ = mln_make_else(st, $2); }
  | ELSE bad                        { $$ = NULL; }
  | ELSE bad network_block          { $$ = mln_make_else(st, mln_nodes_first($3)); }
  ;

zone_when:
    WHEN condition zone_block zone_else
                                    { $$ = mln_finish_when($2, @$, @1, $3, $4); }
  | WHEN bad                        { $$ = NULL; }
  | WHEN bad zone_block zone_else   { $$ = NULL; }
  ;

zone_else:
    %empty                          { $$ = NULL; }
  | ELSE zone_block                 { $$ = mln_make_else(st, mln_nodes_first($2)); }
  | ELSE zone_when                  { $$ = mln_make_else(st, $2); }
  | ELSE bad                        { $$ = NULL; }
  | ELSE bad zone_block             { $$ = mln_make_else(st, mln_nodes_first($3)); }
  ;

resource_when:
    WHEN condition resource_block resource_else
                                    { $$ = mln_finish_when($2, @$, @1, $3, $4); }
  | WHEN bad                        { $$ = NULL; }
  | WHEN bad resource_block resource_else
                                    { $$ = NULL; }
  ;

resource_else:
    %empty                          { $$ = NULL; }
  | ELSE resource_block             { $$ = mln_make_else(st, mln_nodes_first($2)); }
  | ELSE resource_when              { $$ = mln_make_else(st, $2); }
  | ELSE bad                        { $$ = NULL; }
  | ELSE bad resource_block         { $$ = mln_make_else(st, mln_nodes_first($3)); }
  ;

kind_when:
    WHEN condition kind_block kind_else
                                    { $$ = mln_finish_when($2, @$, @1, $3, $4); }
  | WHEN bad                        { $$ = NULL; }
  | WHEN bad kind_block kind_else   { $$ = NULL; }
  ;

kind_else:
    %empty                          { $$ = NULL; }
  | ELSE kind_block                 { $$ = mln_make_else(st, mln_nodes_first($2)); }
  | ELSE kind_when                  { $$ = mln_make_else(st, $2); }
  | ELSE bad                        { $$ = NULL; }
  | ELSE bad kind_block             { $$ = mln_make_else(st, mln_nodes_first($3)); }
  ;

/* --- items --- */

network_body:
    %empty                          { $$ = mln_nodes_none(); }
  | network_block
  ;

network_block:
    '{' network_items '}'           { $$ = $2; }
  ;

network_items:
    %empty                          { $$ = mln_nodes_none(); }
  | network_items network_item      { $$ = mln_nodes_add($1, $2); }
  | network_items bad               { $$ = $1; }
  ;

network_item:
    REGION region                   { $$ = mln_make_item(st, @$, @1, MLN_ITEM_REGION, mln_values_one($2)); }
  | RESOURCE_GROUP string           { $$ = mln_make_item(st, @$, @1, MLN_ITEM_RESOURCE_GROUP, mln_values_one($2)); }
  | SUBSCRIPTION string             { $$ = mln_make_item(st, @$, @1, MLN_ITEM_SUBSCRIPTION, mln_values_one($2)); }
  | ID string                       { $$ = mln_make_item(st, @$, @1, MLN_ITEM_ID, mln_values_one($2)); }
  | EXISTING                        { $$ = mln_make_item(st, @$, @1, MLN_ITEM_EXISTING, mln_values_none()); }
  | DNS prefixes                    { $$ = mln_make_item(st, @$, @1, MLN_ITEM_DNS, $2); }
  | zone
  | asg
  | default_rule
  | network_when
  ;

zone:
    ZONE name prefixes zone_body    { $$ = mln_make_block(st, @$, @1, MLN_NODE_ZONE, WORD(@2), $3, $4); }
  | ZONE bad zone_body              { $$ = NULL; }
  | ZONE name bad zone_body         { $$ = mln_make_block(st, @$, @1, MLN_NODE_ZONE, WORD(@2), mln_values_poison(st, @3), $4); }
  ;

zone_body:
    %empty                          { $$ = mln_nodes_none(); }
  | zone_block
  ;

zone_block:
    '{' zone_items '}'              { $$ = $2; }
  ;

zone_items:
    %empty                          { $$ = mln_nodes_none(); }
  | zone_items zone_item            { $$ = mln_nodes_add($1, $2); }
  | zone_items bad                  { $$ = $1; }
  ;

zone_item:
    NSG name_value                  { $$ = mln_make_item(st, @$, @1, MLN_ITEM_NSG, mln_values_one($2)); }
  | SUBNET string                   { $$ = mln_make_item(st, @$, @1, MLN_ITEM_SUBNET, mln_values_one($2)); }
  | ROLE name_value                 { $$ = mln_make_item(st, @$, @1, MLN_ITEM_ROLE, mln_values_one($2)); }
  | SERVICE_ENDPOINT names only     { $$ = mln_make_service_endpoint(st, @$, @1, $2, $3); }
  | DELEGATION string               { $$ = mln_make_item(st, @$, @1, MLN_ITEM_DELEGATION, mln_values_one($2)); }
  | route
  | OVERLAY prefixes                { $$ = mln_make_item(st, @$, @1, MLN_ITEM_OVERLAY, $2); }
  | EGRESS prefixes                 { $$ = mln_make_item(st, @$, @1, MLN_ITEM_EGRESS, $2); }
  | EXISTING                        { $$ = mln_make_item(st, @$, @1, MLN_ITEM_EXISTING, mln_values_none()); }
  | default_rule
  | zone_when
  ;

only:
    %empty                          { $$ = mln_values_none(); }
  | ONLY name_or_strings            { $$ = $2; }
  ;

name_or_strings:
    name_value                      { $$ = mln_values_one($1); }
  | STRING                          { $$ = mln_values_one($1); }
  | name_or_strings ',' name_value  { $$ = mln_values_add($1, $3); }
  | name_or_strings ',' STRING      { $$ = mln_values_add($1, $3); }
  ;

route:
    ROUTE PREFIX TO hop             { $$ = mln_finish_route($4, @$, @1, $2); }
  | ROUTE name_value TO hop         { $$ = mln_finish_route($4, @$, @1, $2); }
  ;

hop:
    APPLIANCE prefix                { $$ = mln_make_hop(st, @$, MLN_HOP_APPLIANCE, $2); }
  | INTERNET                        { $$ = mln_make_hop(st, @$, MLN_HOP_INTERNET, NULL); }
  | NONE                            { $$ = mln_make_hop(st, @$, MLN_HOP_NONE, NULL); }
  | GATEWAY                         { $$ = mln_make_hop(st, @$, MLN_HOP_GATEWAY, NULL); }
  ;

peer_body:
    %empty                          { $$ = mln_nodes_none(); }
  | '{' peer_items '}'              { $$ = $2; }
  ;

peer_items:
    %empty                          { $$ = mln_nodes_none(); }
  | peer_items peer_item            { $$ = mln_nodes_add($1, $2); }
  | peer_items bad                  { $$ = $1; }
  ;

peer_item:
    GATEWAY name_value              { $$ = mln_make_item(st, @$, @1, MLN_ITEM_GATEWAY, mln_values_one($2)); }
  ;

resource_body:
    %empty                          { $$ = mln_nodes_none(); }
  | resource_block
  ;

resource_block:
    '{' resource_items '}'          { $$ = $2; }
  ;

resource_items:
    %empty                          { $$ = mln_nodes_none(); }
  | resource_items resource_item    { $$ = mln_nodes_add($1, $2); }
  | resource_items bad              { $$ = $1; }
  ;

resource_item:
    ENDPOINT name IN name at        { $$ = mln_make_pair(st, @$, @1, MLN_NODE_ENDPOINT, WORD(@2), WORD(@4), $5, mln_nodes_none()); }
  | REGION region                   { $$ = mln_make_item(st, @$, @1, MLN_ITEM_REGION, mln_values_one($2)); }
  | NAME_KEY string                 { $$ = mln_make_item(st, @$, @1, MLN_ITEM_NAME, mln_values_one($2)); }
  | ID string                       { $$ = mln_make_item(st, @$, @1, MLN_ITEM_ID, mln_values_one($2)); }
  | RESOURCE_GROUP string           { $$ = mln_make_item(st, @$, @1, MLN_ITEM_RESOURCE_GROUP, mln_values_one($2)); }
  | SKU name_value                  { $$ = mln_make_item(st, @$, @1, MLN_ITEM_SKU, mln_values_one($2)); }
  | PUBLIC name_value               { $$ = mln_make_item(st, @$, @1, MLN_ITEM_PUBLIC, mln_values_one($2)); }
  | WIDEN name_value                { $$ = mln_make_item(st, @$, @1, MLN_ITEM_WIDEN, mln_values_one($2)); }
  | resource_when
  ;

at:
    %empty                          { $$ = mln_values_none(); }
  | AT prefixes                     { $$ = $2; }
  ;

kind_block:
    '{' kind_items '}'              { $$ = $2; }
  ;

kind_items:
    %empty                          { $$ = mln_nodes_none(); }
  | kind_items kind_item            { $$ = mln_nodes_add($1, $2); }
  | kind_items bad                  { $$ = $1; }
  ;

kind_item:
    TYPE string                     { $$ = mln_make_item(st, @$, @1, MLN_ITEM_TYPE, mln_values_one($2)); }
  | API string                      { $$ = mln_make_item(st, @$, @1, MLN_ITEM_API, mln_values_one($2)); }
  | TAG name_value                  { $$ = mln_make_item(st, @$, @1, MLN_ITEM_TAG, mln_values_one($2)); }
  | SERVICE_ENDPOINT name_value     { $$ = mln_make_service_endpoint(st, @$, @1, mln_values_one($2), mln_values_none()); }
  | PREREQUISITE string             { $$ = mln_make_item(st, @$, @1, MLN_ITEM_PREREQUISITE, mln_values_one($2)); }
  | ENDPOINT name kind_endpoint_block
                                    { $$ = mln_make_block(st, @$, @1, MLN_NODE_ENDPOINT, WORD(@2), mln_values_none(), $3); }
  | ENDPOINT bad                    { $$ = NULL; }
  | ENDPOINT bad kind_endpoint_block
                                    { $$ = NULL; }
  | FIREWALL string firewall_block  { $$ = mln_make_block(st, @$, @1, MLN_NODE_FIREWALL, mln_word_none(), mln_values_one($2), $3); }
  | FIREWALL bad                    { $$ = NULL; }
  | FIREWALL bad firewall_block     { $$ = NULL; }
  | kind_when
  ;

kind_endpoint_block:
    '{' kind_endpoint_items '}'     { $$ = $2; }
  ;

kind_endpoint_items:
    %empty                          { $$ = mln_nodes_none(); }
  | kind_endpoint_items kind_endpoint_item
                                    { $$ = mln_nodes_add($1, $2); }
  | kind_endpoint_items bad         { $$ = $1; }
  ;

kind_endpoint_item:
    ID string                       { $$ = mln_make_item(st, @$, @1, MLN_ITEM_ID, mln_values_one($2)); }
  | PORTS services                  { $$ = mln_make_ports(st, @$, @1, $2); }
  | DNS strings                     { $$ = mln_make_item(st, @$, @1, MLN_ITEM_DNS, $2); }
  ;

firewall_block:
    '{' firewall_items '}'          { $$ = $2; }
  ;

firewall_items:
    %empty                          { $$ = mln_nodes_none(); }
  | firewall_items firewall_item    { $$ = mln_nodes_add($1, $2); }
  | firewall_items bad              { $$ = $1; }
  ;

firewall_item:
    name value                      { $$ = mln_make_firewall_item(st, @$, WORD(@1), $2); }
  ;

/* --- intents --- */

verb:
    ALLOW                           { $$ = MLN_VERB_ALLOW; }
  | DENY                            { $$ = MLN_VERB_DENY; }
  | FORBID                          { $$ = MLN_VERB_FORBID; }
  ;

assertion_verb:
    ALLOW                           { $$ = MLN_VERB_ASSERT_ALLOW; }
  | DENY                            { $$ = MLN_VERB_ASSERT_DENY; }
  ;

services:
    service                         { $$ = mln_services_add(st, mln_services_none(), $1); }
  | services ',' service            { $$ = mln_services_add(st, $1, $3); }
  ;

service:
    ported
  | plain                           { $$ = mln_make_proto(st, @$, $1, NULL, NULL); }
  | port                            { $$ = mln_make_bare_port(st, @$, $1); }
  | name                            { $$ = mln_make_service_name(st, @1); }
  | BADWORD                         { $$ = mln_make_service_poison(st, @$); }
  ;

ported:
    transport                       { $$ = mln_make_proto(st, @$, $1, NULL, NULL); }
  | transport port                  { $$ = mln_make_proto(st, @$, $1, NULL, $2); }
  | transport DOLLAR                { $$ = mln_make_proto(st, @$, $1, NULL, mln_make_param_value(st, @2)); }
  | transport SOURCE port           { $$ = mln_make_proto(st, @$, $1, mln_port_value(st, $3), NULL); }
  | transport SOURCE DOLLAR         { $$ = mln_make_proto(st, @$, $1, mln_make_param_value(st, @3), NULL); }
  | transport SOURCE port port      { $$ = mln_make_proto(st, @$, $1, $3, $4); }
  | transport SOURCE port DOLLAR    { $$ = mln_make_proto(st, @$, $1, $3, mln_make_param_value(st, @4)); }
  | transport SOURCE DOLLAR port    { $$ = mln_make_proto(st, @$, $1, mln_make_param_value(st, @3), $4); }
  | transport SOURCE DOLLAR DOLLAR  { $$ = mln_make_proto(st, @$, $1, mln_make_param_value(st, @3), mln_make_param_value(st, @4)); }
  ;

transport:
    TCP                             { $$ = MLN_PROTO_TCP; }
  | UDP                             { $$ = MLN_PROTO_UDP; }
  | ANY                             { $$ = MLN_PROTO_COUNT; }
  ;

plain:
    ICMP                            { $$ = MLN_PROTO_ICMP; }
  | ESP                             { $$ = MLN_PROTO_ESP; }
  | AH                              { $$ = MLN_PROTO_AH; }
  ;

port:
    NUMBER                          { $$ = mln_port_value(st, $1); }
  | RANGE                           { $$ = mln_port_value(st, $1); }
  ;

side:
    terms                           { $$ = mln_make_side(st, @$, $1, mln_values_none()); }
  | terms EXCEPT terms              { $$ = mln_make_side(st, @$, $1, $3); }
  ;

terms:
    term                            { $$ = mln_values_one($1); }
  | terms ',' term                  { $$ = mln_values_add($1, $3); }
  ;

term:
    ANY                             { $$ = mln_make_any(st, @$); }
  | name_value
  | PREFIX
  | '(' side ')'                    { $$ = mln_make_side_value(st, @$, $2); }
  ;

clauses:
    %empty                          { $$ = NULL; }
  | clauses AS name                 { $$ = mln_clause_as(st, $1, @2, WORD(@3)); }
  | clauses OVERRIDES names         { $$ = mln_clause_overrides(st, $1, @2, $3); }
  | clauses UNTIL date              { $$ = mln_clause_value(st, $1, @2, MLN_CLAUSE_UNTIL, $3); }
  | clauses OWNER string            { $$ = mln_clause_value(st, $1, @2, MLN_CLAUSE_OWNER, $3); }
  | clauses BECAUSE string          { $$ = mln_clause_value(st, $1, @2, MLN_CLAUSE_BECAUSE, $3); }
  ;

/* --- templates --- */

params:
    '(' ')'                         { $$ = (struct mln_template_params){0}; }
  | '(' param_list ')'              { $$ = $2; }
  ;

param_list:
    template_param                  { $$ = mln_params_add((struct mln_template_params){0}, $1); }
  | param_list ',' template_param   { $$ = mln_params_add($1, $3); }
  ;

template_param:
    DOLLAR default_value            { $$ = mln_make_template_param(st, @1, $2); }
  ;

arguments:
    '(' ')'                         { $$ = (struct mln_arguments){0}; }
  | '(' argument_list ')'           { $$ = $2; }
  ;

argument_list:
    argument                        { $$ = mln_arguments_add((struct mln_arguments){0}, $1); }
  | argument_list ',' argument      { $$ = mln_arguments_add($1, $3); }
  ;

argument:
    value                           { $$ = mln_make_argument(st, mln_word_none(), $1); }
  | argument_word '=' value         { $$ = mln_make_argument(st, WORD(@1), $3); }
  ;

argument_word:
    name
  | reserved
  ;

reserved:
    IMPORT | PARAM | NETWORK | ZONE | ASG | EXTERNAL | PEER | CONNECT | GROUP | SERVICE | RESOURCE | KIND
  | GEOGRAPHY | TEMPLATE | APPLY | WHEN | DEFAULT | ALLOW | DENY | FORBID | ASSERT | ELSE | FROM | TO
  | WITHIN | EXCEPT | AS | OVERRIDES | UNTIL | OWNER | BECAUSE | ANY | TCP | UDP | ICMP | ESP | AH
  ;

/* --- values --- */

value:
    name_value
  | NUMBER
  | RANGE
  | STRING
  | PREFIX
  | DATE
  | ANY                             { $$ = mln_make_any(st, @$); }
  | '(' values ')'                  { $$ = mln_make_list(st, @$, $2); }
  ;

values:
    value                           { $$ = mln_values_one($1); }
  | values ',' value                { $$ = mln_values_add($1, $3); }
  ;

names:
    name_value                      { $$ = mln_values_one($1); }
  | names ',' name_value            { $$ = mln_values_add($1, $3); }
  ;

prefixes:
    prefix                          { $$ = mln_values_one($1); }
  | prefixes ',' prefix             { $$ = mln_values_add($1, $3); }
  ;

prefix:
    PREFIX
  | DOLLAR                          { $$ = mln_make_param_value(st, @$); }
  | BADWORD                         { $$ = mln_lex_poison(st, @$); }
  ;

addresses:
    prefix                          { $$ = mln_values_one($1); }
  | STRING                          { $$ = mln_values_one($1); }
  | addresses ',' prefix            { $$ = mln_values_add($1, $3); }
  | addresses ',' STRING            { $$ = mln_values_add($1, $3); }
  ;

strings:
    string                          { $$ = mln_values_one($1); }
  | strings ',' string              { $$ = mln_values_add($1, $3); }
  ;

string:
    STRING
  | DOLLAR                          { $$ = mln_make_param_value(st, @$); }
  | BADWORD                         { $$ = mln_lex_poison(st, @$); }
  ;

date:
    DATE
  | DOLLAR                          { $$ = mln_make_param_value(st, @$); }
  | BADWORD                         { $$ = mln_lex_poison(st, @$); }
  ;

region:
    name_value
  | STRING
  ;

/* As `name`, without the step by way of it: most tokens of a policy are these. */
name_value:
    NAME                            { $$ = mln_make_name_value(st, @1); }
  | DOLLAR                          { $$ = mln_make_name_value(st, @1); }
  | softword                        { $$ = mln_make_name_value(st, @1); }
  | BADWORD                         { $$ = mln_lex_poison(st, @$); }
  ;

name:
    NAME
  | DOLLAR
  | softword
  ;

softword:
    REGION | RESOURCE_GROUP | SUBSCRIPTION | ID | EXISTING | DNS | NSG | SUBNET | ROLE | SERVICE_ENDPOINT
  | ONLY | DELEGATION | ROUTE | OVERLAY | EGRESS | APPLIANCE | INTERNET | NONE | GATEWAY | IN | AT | WITH
  | VIA | SITE_TO_SITE | POINT_TO_SITE | EXPRESSROUTE | INBOUND | OUTBOUND | AZURE | SOURCE | ENDPOINT
  | NAME_KEY | SKU | PUBLIC | WIDEN | TYPE | API | TAG | PREREQUISITE | PORTS | FIREWALL
  ;

/* What cannot be understood: from here on src/lang/token.c skips to where something begins. */
bad:
    error                           {
                                        enum mln_recovery recovery = mln_parse_recover(st);
                                        if (recovery == MLN_GIVE_UP)
                                            YYABORT;
                                        if (recovery == MLN_DROP_TOKEN)
                                            yyclearin;
                                        yyerrok;
                                    }
  ;

%%

static int yyreport_syntax_error(const yypcontext_t *context, struct mln_parse *st)
{
    yysymbol_kind_t kinds[YYNTOKENS];
    const char *names[YYNTOKENS];
    int count = yypcontext_expected_tokens(context, kinds, YYNTOKENS), kept = 0;
    bool any_name = false;
    for (int i = 0; i < count; i++)
        any_name = any_name || kinds[i] == YYSYMBOL_NAME;
    for (int i = 0; i < count; i++) {
        bool soft = kinds[i] >= YYSYMBOL_REGION && kinds[i] <= YYSYMBOL_FIREWALL;
        if (kinds[i] != YYSYMBOL_BADWORD && !(any_name && (soft || kinds[i] == YYSYMBOL_DOLLAR)))
            names[kept++] = yysymbol_name(kinds[i]);
    }
    mln_syntax_error(st, *yypcontext_location(context), names, kept);
    return 0;
}
