" Network-security policies: see mlp(5).
if exists('b:did_ftplugin')
  finish
endif
let b:did_ftplugin = 1

setlocal commentstring=#\ %s comments=:# iskeyword+=-,$ expandtab shiftwidth=4
setlocal makeprg=mlnsgc\ check\ --message-format=short\ %:S
setlocal errorformat=%f:%l:%c:\ %t%*[^:]:\ %m
let b:undo_ftplugin = 'setlocal commentstring< comments< iskeyword< expandtab< shiftwidth< makeprg< errorformat<'
