/** What each shell needs to ask `holdfast __complete`; the words themselves are all ours. */
export const SHELL_SCRIPTS = {
  bash: `# source <(holdfast completion bash), in ~/.bashrc
_holdfast() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
}
complete -o default -F _holdfast holdfast
`,
  zsh: `#compdef holdfast
# source <(holdfast completion zsh), in ~/.zshrc after compinit
_holdfast() {
  local -a found
  local word about
  while IFS=$'\\t' read -r word about; do
    found+=("\${word//:/\\\\:}\${about:+:$about}")
  done < <("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then
    _describe 'holdfast' found
  else
    _files
  fi
}
compdef _holdfast holdfast
`,
  fish: `# holdfast completion fish | source, in ~/.config/fish/config.fish
function __holdfast_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    $before[1] __complete -- $before[2..-1] "$current" 2>/dev/null
end
complete -c holdfast -f -a '(__holdfast_complete)'
for option in project home in out input-file from-json
    complete -c holdfast -l $option -r -F
end
`,
} as const;

export type Shell = keyof typeof SHELL_SCRIPTS;
