import ts from 'typescript';

/** The names of what code keeps from one call to the next beside the run it serves: variables of the module, and things that begin empty. */
export function moduleState(file: string, text: string): string[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022);
  return source.statements.flatMap((statement) => {
    if (ts.isVariableStatement(statement)) return statesOf(statement.declarationList);
    if (ts.isClassDeclaration(statement)) return statement.members.filter(isStaticField).map((field) => nameOf(field));
    return [];
  });
}

function statesOf({ flags, declarations }: ts.VariableDeclarationList): string[] {
  const constant = (flags & ts.NodeFlags.Const) !== 0;
  return declarations.filter(({ initializer }) => !constant || beginsEmpty(initializer)).map((one) => nameOf(one));
}

function beginsEmpty(value: ts.Expression | undefined): boolean {
  if (value === undefined) return true;
  if (ts.isArrayLiteralExpression(value)) return value.elements.length === 0;
  if (ts.isObjectLiteralExpression(value)) return value.properties.length === 0;
  return ts.isNewExpression(value) && (value.arguments ?? []).length === 0;
}

function isStaticField(member: ts.ClassElement): boolean {
  const isStatic =
    ts.canHaveModifiers(member) && member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword);
  const isConstant =
    ts.canHaveModifiers(member) && member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword);
  return ts.isPropertyDeclaration(member) && isStatic === true && isConstant !== true;
}

function nameOf({ name }: { name?: ts.Node | undefined }): string {
  return name && ts.isIdentifier(name) ? name.text : '?';
}
