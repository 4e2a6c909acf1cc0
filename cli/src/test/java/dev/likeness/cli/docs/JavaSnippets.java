package dev.likeness.cli.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Compiles the Java blocks of pages; nothing is run. A block that declares a top-level class is
 * compiled as it is. Any other is the body of a method, with imports on demand of all supported
 * packages and with some declared variables; if it does not compile alone, the fragments before it
 * on its page may stand before it.
 */
final class JavaSnippets {
  private static final Pattern TYPE = Pattern.compile(
      "(?m)^(?:public |final |abstract |sealed )*(?:class|interface|record|enum) (\\w+)");
  private static final Pattern PUBLIC_TYPE = Pattern.compile(
      "(?m)^public (?:final |abstract |sealed |non-sealed )*(?:class|interface|record|enum)\\b");
  private static final Pattern IMPORT = Pattern.compile("(?m)^import [^;\n]+;[^\n]*\n?");

  /** What fragments may use without declaring it; a declaration of their own hides a field. */
  private static final String VARIABLES = String.join(
      " ",
      "BaseModel base;",
      "ImageRequest request;",
      "GeneratedImage image;",
      "RgbImage photo, mask, edges, pose;",
      "Path file, folder, out, store, loraFile;",
      "List<Path> files;",
      "PhotoSet photos;",
      "PhotoReview review;",
      "HeadshotStudio studio;",
      "LoraPerson ada;",
      "Consent consent;",
      "Run run;",
      "Compute compute;",
      "byte[] bytes;");

  private static final JavaCompiler COMPILER = ToolProvider.getSystemJavaCompiler();

  /** Opens each jar of the class path once, and not once a block. */
  private static final StandardJavaFileManager FILES =
      COMPILER.getStandardFileManager(null, Locale.ROOT, null);

  private final String imports;

  JavaSnippets(Path root) {
    imports = supportedPackages(root).stream()
        .map(name -> "import " + name + ".*; ")
        .collect(Collectors.joining(
            "",
            "import java.io.*; import java.nio.file.*; import java.time.*; import java.util.*; "
                + "import java.util.concurrent.*; import java.util.function.*; import java.util.stream.*; ",
            ""));
  }

  /** Blocks of a page that do not compile, each with what the compiler says first. */
  List<String> faults(MarkdownPage page) {
    List<String> faults = new ArrayList<>();
    List<String> before = new ArrayList<>();
    for (MarkdownPage.Block block : page.blocks()) {
      if (!block.language().equals("java")) {
        continue;
      }
      Matcher type = TYPE.matcher(block.text());
      if (type.find()) {
        complaint(type.group(1), block.text(), block.line())
            .ifPresent(why -> faults.add(page.path() + ":" + why));
        continue;
      }
      Optional<String> alone =
          complaint("Fragment", wrapped(List.of(), block.text()), block.line() - 1);
      if (alone.isPresent() && !before.isEmpty()) {
        int shift = before.stream().mapToInt(text -> (int) text.lines().count()).sum();
        alone = complaint("Fragment", wrapped(before, block.text()), block.line() - 1 - shift);
      }
      if (alone.isPresent()) {
        faults.add(page.path() + ":" + alone.get());
      } else {
        before.add(block.text());
      }
    }
    return faults;
  }

  /** A class {@code Fragment} with the block as its method {@code run}. */
  String source(String block) {
    return wrapped(List.of(), block);
  }

  /** One line before the fragments, so that the compiler's lines can be counted. */
  private String wrapped(List<String> before, String fragment) {
    Set<String> own = new LinkedHashSet<>();
    StringBuilder body = new StringBuilder();
    Stream.concat(before.stream(), Stream.of(fragment)).forEach(text -> {
      IMPORT.matcher(text).results().forEach(found -> own.add(found.group().strip()));
      body.append(IMPORT.matcher(text).replaceAll("\n")).append('\n');
    });
    return imports + String.join(" ", own) + " class Fragment { " + VARIABLES
        + " void run() throws Exception {\n" + body + "\n}}\n";
  }

  private Optional<String> complaint(String name, String source, int line) {
    DiagnosticCollector<JavaFileObject> collector = new DiagnosticCollector<>();
    List<String> options = List.of(
        "-proc:none",
        "-nowarn",
        "-implicit:none",
        "-Xlint:none",
        "-XDshould-stop.ifNoError=FLOW",
        "-classpath",
        System.getProperty("java.class.path"));
    COMPILER
        .getTask(null, FILES, collector, options, null, List.of(new Source(name, source)))
        .call();
    return collector.getDiagnostics().stream()
        .filter(diagnostic -> diagnostic.getKind() == Diagnostic.Kind.ERROR)
        .map(diagnostic -> (diagnostic.getLineNumber() + line - 1) + ": "
            + diagnostic.getMessage(Locale.ROOT).replaceAll("\\s+", " "))
        .findFirst();
  }

  /** Packages below {@code src/main/java} that hold a public type and are not internal. */
  private static List<String> supportedPackages(Path root) {
    Set<String> left = Set.of("benchmarks", "cli", "examples", "research", "studio-web");
    try (Stream<Path> modules = Files.list(root)) {
      return modules
          .filter(module -> !left.contains(module.getFileName().toString()))
          .map(module -> module.resolve("src/main/java"))
          .filter(Files::isDirectory)
          .flatMap(JavaSnippets::packages)
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<String> packages(Path sources) {
    try (Stream<Path> all = Files.walk(sources)) {
      return all
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> PUBLIC_TYPE.matcher(text(file)).find())
          .map(file -> sources.relativize(file.getParent()).toString().replaceAll("[/\\\\]", "."))
          .filter(name -> !name.matches(".*\\.internal(\\..*)?"))
          .collect(Collectors.toSet())
          .stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String name, String text) {
      super(URI.create("string:/" + name + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
