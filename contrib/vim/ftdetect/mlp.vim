" Vim takes *.mlp for OCaml, so `setfiletype` would come too late.
autocmd BufNewFile,BufRead *.mlp set filetype=mlp
