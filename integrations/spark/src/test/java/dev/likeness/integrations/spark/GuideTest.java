package dev.likeness.integrations.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/** The Java of this module's pages compiles. */
class GuideTest {
  private static final Pattern BLOCK = Pattern.compile("(?s)```java spark\n(.*?)```");
  private static final Pattern EXAMPLE =
      Pattern.compile("(?s)<pre>\\{@code\\n(.*?)\\n \\* }</pre>");
  private static final String IMPORTS = "import java.util.*; import org.apache.spark.sql.*;"
      + " import dev.likeness.integrations.spark.*; ";

  @Test
  void theJavaOfTheGuideCompiles() throws Exception {
    Path guide = SamplePeople.samples()
        .resolve("../../../docs/guides/many-people-with-spark.md")
        .normalize();
    Matcher blocks = BLOCK.matcher(Files.readString(guide));
    StringBuilder body = new StringBuilder();
    while (blocks.find()) {
      body.append(blocks.group(1));
    }
    assertTrue(body.length() > 0, "the guide has no Java");
    assertEquals(List.of(), faults(body.toString()));
    assertEquals(1, faults(body + "job.reun(null);").size(), "a fault must be found");
  }

  @Test
  void theNumbersOfTheGuideAreThoseOfTheCode() throws Exception {
    Path file = SamplePeople.samples()
        .resolve("../../../docs/guides/many-people-with-spark.md")
        .normalize();
    String guide = Files.readString(file).replaceAll("\\s+", " ");
    List<String> sentences = List.of(
        "at most " + NumberedPhotos.MAX_PHOTOS + " photos of " + (NumberedPhotos.MAX_BYTES >> 20)
            + " MiB each and " + (NumberedPhotos.MAX_TOTAL_BYTES >> 20) + " MiB together",
        "saved states, 1 to " + JobSettings.MAX_INTERVAL + " (default: "
            + JobSettings.USUAL_INTERVAL + ")",
        "At most " + (JobSettings.MAX_INTERVAL + 1) + " steps are computed again");
    assertEquals(
        List.of(), sentences.stream().filter(each -> !guide.contains(each)).toList());
  }

  @Test
  void theExampleOfThePackageCompiles() throws Exception {
    String essay = Files.readString(
        SamplePeople.samples()
            .resolve(
                "../../../integrations/spark/src/main/java/dev/likeness/integrations/spark/package-info.java"));
    Matcher example = EXAMPLE.matcher(essay);
    assertTrue(example.find());
    assertEquals(List.of(), faults(example.group(1).replaceAll("(?m)^ \\* ?", "")));
  }

  private static List<String> faults(String body) {
    String source = IMPORTS
        + "class Guide { SparkSession spark; List<java.security.cert.X509Certificate> chain;"
        + " java.util.function.UnaryOperator<byte[]> sign; void run() throws Exception {\n" + body
        + "}}";
    DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Guide.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignored) {
            return source;
          }
        };
    compiler
        .getTask(
            null,
            null,
            found,
            List.of("-proc:none", "-XDshould-stop.ifNoError=FLOW", "-cp", LocalCluster.classPath()),
            null,
            List.of(file))
        .call();
    return found.getDiagnostics().stream()
        .filter(each -> each.getKind() == Diagnostic.Kind.ERROR)
        .map(each -> each.getLineNumber() + ": " + each.getMessage(Locale.ROOT))
        .toList();
  }
}
