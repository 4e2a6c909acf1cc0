package dev.likeness.integrations.langchain4j;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** The Java blocks of the guide for this module compile. */
class GuideTest {
  private static final String PAGE = "docs/guides/use-with-spring-and-langchain4j.md";
  private static final Pattern BLOCK = Pattern.compile("(?s)```java langchain4j\n(.*?)```");
  private static final String IMPORTS = String.join(
      "",
      "import java.nio.file.*; import java.util.*;",
      "import dev.langchain4j.data.image.*; import dev.langchain4j.model.image.*;",
      "import dev.likeness.diffusion.*; import dev.likeness.diffusion.tensor.*;",
      "import dev.likeness.headshots.*; import dev.likeness.integrations.langchain4j.*;");

  @Test
  void blocksCompile() throws IOException {
    List<String> blocks = BLOCK
        .matcher(page())
        .results()
        .map((MatchResult found) -> found.group(1))
        .toList();
    assertFalse(blocks.isEmpty(), "the guide has no block for this module");
    for (String block : blocks) {
      assertEquals(List.of(), faults(block), block);
      assertFalse(faults(block.replace("model.edit", "model.adit")).isEmpty());
    }
  }

  private static String page() throws IOException {
    Path folder = Path.of("").toAbsolutePath();
    while (!Files.exists(folder.resolve(PAGE))) {
      folder = folder.getParent();
    }
    return Files.readString(folder.resolve(PAGE));
  }

  private static List<String> faults(String block) {
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    List<String> options = List.of(
        "-proc:none",
        "-implicit:none",
        "-XDshould-stop.ifNoError=FLOW",
        "-classpath",
        System.getProperty("java.class.path"));
    compiler
        .getTask(null, null, found, options, null, List.of(new Source(block)))
        .call();
    return found.getDiagnostics().stream()
        .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
        .map(each -> each.getMessage(Locale.ROOT))
        .toList();
  }

  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    private Source(String block) {
      super(URI.create("string:///Block.java"), Kind.SOURCE);
      text =
          IMPORTS + "class Block { byte[] maskFile; void run() throws Exception { " + block + "}}";
    }

    @Override
    public CharSequence getCharContent(boolean ignoresErrors) {
      return text;
    }
  }
}
