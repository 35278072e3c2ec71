" Network-security policies: see mlp(5).
if exists('b:current_syntax')
  finish
endif

syntax iskeyword @,48-57,_,-,.
syntax keyword mlpStatement import param network zone asg external peer connect group service resource kind geography template apply
syntax keyword mlpConditional when else
syntax keyword mlpIntent default allow deny forbid assert
syntax keyword mlpWord from to within except as overrides until owner because with in at via
syntax keyword mlpConstant any tcp udp icmp esp ah none yes no azure
syntax match mlpNumber "\<\d\+\(-\d\+\)\?\>"
syntax match mlpDate "\<\d\{4}-\d\d-\d\d\>"
syntax match mlpPrefix "\<\d\{1,3}\(\.\d\{1,3}\)\{3}\(/\d\+\)\?\>"
syntax match mlpPrefix "\<\x*:\x*:[0-9a-fA-F:.]*\(/\d\+\)\?"
syntax match mlpParam "\$\h[[:alnum:]_-]*\(\.\h[[:alnum:]_-]*\)*"
syntax match mlpParam "\${[^}]*}" contained
syntax match mlpEscape "\\." contained
syntax region mlpString start=+"+ skip=+\\.+ end=+"+ contains=mlpParam,mlpEscape
syntax match mlpComment "#.*" contains=@Spell

highlight default link mlpStatement Statement
highlight default link mlpConditional Conditional
highlight default link mlpIntent Keyword
highlight default link mlpWord Operator
highlight default link mlpConstant Constant
highlight default link mlpNumber Number
highlight default link mlpDate Number
highlight default link mlpPrefix Number
highlight default link mlpParam Identifier
highlight default link mlpString String
highlight default link mlpEscape SpecialChar
highlight default link mlpComment Comment

let b:current_syntax = 'mlp'
