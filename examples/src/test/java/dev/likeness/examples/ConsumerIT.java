package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.likeness.cli.Outside;
import dev.likeness.cli.Selfies;
import dev.likeness.cli.TinyBase;
import dev.likeness.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An application outside this build: the BOM, one artifact and the natives, in a small heap. */
class ConsumerIT {
  private static final Path CONSUMER = Outside.ROOT.resolve("examples/consumer");
  private static final Path PROGRAM = CONSUMER.resolve("src/main/java/example/Headshots.java");

  /** The pixels of the base's images. */
  private static final int SIDE = 16;

  @TempDir
  private Path folder;

  @Test
  void compilesAndRunsTheProgramOfTheReadme() throws IOException {
    Path project = copyOfConsumer();
    Path repository = LocalRepository.make();
    Outside build = Outside.run(
        project,
        Map.of("MAVEN_OPTS", "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"),
        List.of(
            System.getProperty("maven.home") + "/bin/mvn",
            "-B",
            "-o",
            "-q",
            "-Djavacpp.platform.host",
            "-Dlikeness.version=" + Outside.version(),
            "-Dmaven.repo.local=" + repository,
            "compile",
            "dependency:build-classpath",
            "-Dmdep.outputFile=" + folder.resolve("classpath.txt")));
    assertEquals(0, build.status(), build.output());

    Path photos = Selfies.of("5000000001", 3, folder.resolve("people"));
    Path image = folder.resolve("ada.png");
    Outside run = Outside.run(
        folder,
        Map.of(),
        List.of(
            Outside.jdk("java"),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Xmx256m",
            "-cp",
            project.resolve("target/classes") + ":"
                + Files.readString(folder.resolve("classpath.txt")),
            "example.Headshots",
            quickBase().toString(),
            photos.toString(),
            image.toString()));
    assertEquals(0, run.status(), run.output());
    assertEquals(SIDE, RgbImage.read(image).width());
  }

  @Test
  void equalsTheReadme() throws IOException {
    String readme = Files.readString(Outside.ROOT.resolve("README.md"));
    assertEquals(withoutPackage(Files.readString(PROGRAM)), block(readme, "java"));
    String pom = Files.readString(CONSUMER.resolve("pom.xml"));
    assertEquals(
        squeezed(between(pom, "<dependencyManagement>", "</dependencies>\n  <build>")),
        squeezed(between(
            block(readme, "xml")
                .replaceFirst("<version>\\d[^<]*", "<version>\\${likeness.version}"),
            "<dependencyManagement>",
            "</dependencies>\n")));
  }

  /** A base that is declared to have the smallest images and to be trained in few, large steps. */
  private Path quickBase() throws IOException {
    Path base = TinyBase.in(folder);
    Path unet = base.resolve("unet/config.json");
    String config = Files.readString(unet);
    String small = config.replaceFirst("\"sample_size\": *16", "\"sample_size\": " + SIDE / 2);
    assertNotEquals(config, small);
    Files.writeString(unet, small);
    Files.writeString(base.resolve("likeness.json"), """
        {
          "photographs": false,
          "rare_token": false,
          "training": {"rank": 4, "layers": "attention", "text_encoder": false, "batch": 200,
            "learning_rate": 0.003}
        }
        """);
    return base;
  }

  private Path copyOfConsumer() throws IOException {
    Path project = folder.resolve("consumer");
    Path program = project.resolve(CONSUMER.relativize(PROGRAM));
    Files.createDirectories(program.getParent());
    Files.copy(PROGRAM, program);
    String pom = Files.readString(CONSUMER.resolve("pom.xml"));
    Files.writeString(
        project.resolve("pom.xml"), pom.replace("linux-x86_64", Loader.Detector.getPlatform()));
    return project;
  }

  private static String block(String readme, String language) {
    return between(readme, "```" + language + "\n", "```");
  }

  private static String between(String text, String from, String to) {
    int begin = text.indexOf(from) + from.length();
    int end = to.startsWith("</") ? text.lastIndexOf(to) : text.indexOf(to, begin);
    return text.substring(begin, end);
  }

  private static String withoutPackage(String source) {
    return source.substring(source.indexOf("import"));
  }

  private static String squeezed(String xml) {
    return xml.lines()
        .map(String::strip)
        .filter(line -> !line.isEmpty())
        .collect(Collectors.joining("\n"));
  }
}
