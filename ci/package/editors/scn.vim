" Scenarios of iscsirig.
autocmd BufNewFile,BufRead *.scn,*.inc setfiletype scn
