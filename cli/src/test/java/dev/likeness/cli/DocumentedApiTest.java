package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.ParamTree;
import com.sun.source.doctree.ReturnTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.ModifiersTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Supported types and their members are documented, with every parameter and result. Doclint's
 * group {@code missing} asks for the same, but also for the components of a record at its compact
 * constructor, where they would be repeated. Doclint checks the other groups.
 */
class DocumentedApiTest {
  @Test
  void everySupportedMemberIsDocumented() throws IOException {
    List<Path> sources = new ArrayList<>();
    for (String module : SupportedApiTest.MODULES) {
      try (Stream<Path> files = Files.walk(Outside.ROOT.resolve(module).resolve("src/main/java"))) {
        files.filter(DocumentedApiTest::isSupported).forEach(sources::add);
      }
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, Locale.ROOT, null)) {
      assertEquals(List.of(), faults(compiler, files.getJavaFileObjectsFromPaths(sources)));
    }
  }

  @Test
  void findsWhatIsNotDocumented() {
    assertEquals(
        List.of(
            "Sample.java: Sample has no comment for T",
            "Sample.java: Sample has no comment for second",
            "Sample.java: parse has no comment for text",
            "Sample.java: parse has no comment for its result",
            "Sample.java: size has no comment",
            "Sample.java: LIMIT has no comment",
            "Sample.java: Kind has no comment",
            "Sample.java: SMALL has no comment",
            "Sample.java: call has no comment for X",
            "Sample.java: Hook.run has no comment"),
        faults(ToolProvider.getSystemJavaCompiler(), List.of(new Source("""
            /**
             * A sample.
             *
             * @param first the first
             */
            public record Sample<T>(int first, T second) {
              /** Checks the values. */
              public Sample {}
              /** Parses a text. */
              public static Sample<String> parse(String text) { return null; }
              public int size() { return 0; }
              /** {@return true if empty} */
              public boolean isEmpty() { return true; }
              @Override public String toString() { return ""; }
              public static final int LIMIT = 1;
              static void inner() {}
              public enum Kind {
                SMALL,
                /** Large. */
                LARGE
              }
              /** Calls. */
              public <X> void call() {}
              /** A hook. */
              public interface Hook {
                void run();
              }
              static class Unseen {
                public void none() {}
              }
            }
            """))).stream()
            .map(fault -> fault.replace("run has", "Hook.run has"))
            .toList());
  }

  private static boolean isSupported(Path file) {
    String path = file.toString().replace('\\', '/');
    return path.endsWith(".java")
        && !path.contains("/internal/")
        && !path.endsWith("/package-info.java");
  }

  private static List<String> faults(
      JavaCompiler compiler, Iterable<? extends JavaFileObject> sources) {
    JavacTask task =
        (JavacTask) compiler.getTask(null, null, null, List.of("-proc:none"), null, sources);
    List<String> faults = new ArrayList<>();
    try {
      for (CompilationUnitTree unit : task.parse()) {
        new Members(DocTrees.instance(task), unit, faults).scan(unit, null);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return faults;
  }

  /** Visits the public and protected members of a file. */
  private static final class Members extends TreePathScanner<Void, Void> {
    private final DocTrees docs;
    private final CompilationUnitTree unit;
    private final String text;
    private final String file;
    private final List<String> faults;

    Members(DocTrees docs, CompilationUnitTree unit, List<String> faults) throws IOException {
      this.docs = docs;
      this.unit = unit;
      this.text = unit.getSourceFile().getCharContent(true).toString();
      this.file = Path.of(unit.getSourceFile().getName()).getFileName().toString();
      this.faults = faults;
    }

    @Override
    public Void visitClass(ClassTree type, Void none) {
      if (!isVisible(type.getModifiers())) {
        return null;
      }
      List<String> parameters = new ArrayList<>();
      type.getTypeParameters().forEach(each -> parameters.add(each.getName().toString()));
      if (type.getKind() == Tree.Kind.RECORD) {
        type.getMembers().stream()
            .filter(VariableTree.class::isInstance)
            .map(VariableTree.class::cast)
            .filter(field -> !field.getModifiers().getFlags().contains(Modifier.STATIC))
            .forEach(component -> parameters.add(component.getName().toString()));
      }
      require(type.getSimpleName().toString(), parameters, false);
      return super.visitClass(type, none);
    }

    @Override
    public Void visitMethod(MethodTree method, Void none) {
      boolean inherits = method.getModifiers().getAnnotations().stream()
          .anyMatch(each -> each.getAnnotationType().toString().equals("Override"));
      if (isVisible(method.getModifiers()) && !inherits) {
        List<String> parameters = isCompact(method)
            ? List.of()
            : Stream.concat(
                    method.getTypeParameters().stream()
                        .map(each -> each.getName().toString()),
                    method.getParameters().stream().map(each -> each.getName().toString()))
                .toList();
        boolean returns =
            method.getReturnType() != null && !method.getReturnType().toString().equals("void");
        require(method.getName().toString(), parameters, returns);
      }
      return null;
    }

    /** Returns true for a record's constructor without a list of parameters. */
    private boolean isCompact(MethodTree method) {
      if (method.getBody() == null || parent().getKind() != Tree.Kind.RECORD) {
        return false;
      }
      int start = (int) docs.getSourcePositions().getStartPosition(unit, method);
      int body = (int) docs.getSourcePositions().getStartPosition(unit, method.getBody());
      String name = ((ClassTree) parent()).getSimpleName().toString();
      return text.substring(start, body).strip().endsWith(name);
    }

    @Override
    public Void visitVariable(VariableTree field, Void none) {
      boolean isComponent = parent().getKind() == Tree.Kind.RECORD
          && !field.getModifiers().getFlags().contains(Modifier.STATIC);
      if (isVisible(field.getModifiers()) && !isComponent) {
        require(field.getName().toString(), List.of(), false);
      }
      return null;
    }

    private Tree parent() {
      return getCurrentPath().getParentPath().getLeaf();
    }

    private boolean isVisible(ModifiersTree modifiers) {
      Set<Modifier> flags = modifiers.getFlags();
      boolean inInterface = parent().getKind() == Tree.Kind.INTERFACE
          || parent().getKind() == Tree.Kind.ANNOTATION_TYPE;
      return flags.contains(Modifier.PUBLIC)
          || flags.contains(Modifier.PROTECTED)
          || inInterface && !flags.contains(Modifier.PRIVATE);
    }

    private void require(String name, List<String> parameters, boolean returns) {
      TreePath path = getCurrentPath();
      DocCommentTree comment = docs.getDocCommentTree(path);
      if (comment == null) {
        faults.add(file + ": " + name + " has no comment");
        return;
      }
      Set<String> told = comment.getBlockTags().stream()
          .filter(ParamTree.class::isInstance)
          .map(tag -> ((ParamTree) tag).getName().toString())
          .collect(Collectors.toSet());
      parameters.stream()
          .filter(each -> !told.contains(each))
          .forEach(each -> faults.add(file + ": " + name + " has no comment for " + each));
      boolean tellsResult = Stream.concat(
              comment.getBlockTags().stream(), comment.getFullBody().stream())
          .anyMatch(ReturnTree.class::isInstance);
      boolean inherits = comment.getFullBody().stream()
          .anyMatch(part -> part.getKind() == DocTree.Kind.INHERIT_DOC);
      if (returns && !tellsResult && !inherits) {
        faults.add(file + ": " + name + " has no comment for its result");
      }
    }
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String text) {
      super(URI.create("string:///Sample.java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignored) {
      return text;
    }
  }
}
