package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** Every supported package has an essay with an example, and the examples compile. */
class PackageExamplesTest {
  private static final List<String> MODULES = List.of(
      "schedulers",
      "diffusion-core",
      "identity-photos",
      "identity-lora",
      "identity-ipadapter",
      "headshots",
      "provenance",
      "vault",
      "model-hub",
      "studio-web");
  private static final Pattern PUBLIC =
      Pattern.compile("(?m)^public .*\\b(class|interface|record|enum)\\b");
  private static final Pattern EXAMPLE =
      Pattern.compile("(?s)<pre>\\{@code\\n(.*?)\\n \\* }</pre>");

  @Test
  void theExamplesOfAllSupportedPackagesCompile() {
    List<Path> packages = packages();
    String imports =
        "import java.io.*; import java.nio.file.*; import java.time.*; import java.util.*;"
            + packages.stream()
                .map(folder -> "import " + name(folder) + ".*;")
                .collect(Collectors.joining());
    List<JavaFileObject> sources = new ArrayList<>();
    for (Path folder : packages) {
      Path essay = folder.resolve("package-info.java");
      assertTrue(Files.exists(essay), folder + " has no package-info.java");
      Matcher example = EXAMPLE.matcher(text(essay));
      assertTrue(example.find(), essay + " has no example");
      String type = "Example" + sources.size();
      // One line before the example, so that the compiler's lines can be counted.
      sources.add(new Source(
          essay,
          type,
          imports + "class " + type + " { void run() throws Exception {\n"
              + example.group(1).replaceAll("(?m)^ \\* ?", "") + "\n}}\n"));
    }
    assertEquals("", compiled(sources), "the examples do not compile");
  }

  private static List<Path> packages() {
    Path root = Path.of("").toAbsolutePath().getParent();
    return MODULES.stream()
        .flatMap(module -> {
          try (Stream<Path> all = Files.walk(root.resolve(module).resolve("src/main/java"))) {
            return all
                .filter(Files::isDirectory)
                .filter(folder ->
                    !name(folder).matches("dev\\.likeness\\.(.*\\.internal|portrait)\\b.*"))
                .filter(PackageExamplesTest::isSupported)
                .toList()
                .stream();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        })
        .toList();
  }

  private static boolean isSupported(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .anyMatch(file -> PUBLIC.matcher(text(file)).find());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String name(Path folder) {
    String path = folder.toString();
    return path.substring(path.indexOf("src/main/java") + "src/main/java".length())
        .replaceFirst("^/", "")
        .replace('/', '.');
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What the compiler complains of; nothing is written. */
  private static String compiled(List<JavaFileObject> sources) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter complaints = new StringWriter();
    List<String> options = List.of(
        "-proc:none",
        "-nowarn",
        "-implicit:none",
        "-Xlint:none",
        "-XDshould-stop.ifNoError=FLOW",
        "-classpath",
        System.getProperty("java.class.path"));
    compiler.getTask(complaints, null, null, options, null, sources).call();
    return complaints.toString();
  }

  /** An example, named by its essay in what the compiler complains of. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(Path essay, String type, String text) {
      super(URI.create("string:" + essay.getParent() + "/" + type + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }
}
