package dev.likeness.photos;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.tensor.OtherJvm;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.logging.ConsoleHandler;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import org.bytedeco.opencv.global.opencv_imgcodecs;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever is logged at whatever level, by this library or by those below it, photos are not in it.
 */
class QuietIntakeTest {
  private static final String NAME = "ada-at-the-beach";

  private static final Pattern SIDE_BY_SIDE =
      Pattern.compile("(-?\\d+(\\.\\d+)?([eE]-?\\d+)?[,;\\s]+){11}|[0-9a-fA-F]{64}");

  @TempDir
  Path folder;
  /** Apart from the photos, whose folder must not be named in it either. */
  @TempDir
  Path elsewhere;

  @Test
  void noFileNameAppearsWhenEverythingIsLogged() throws IOException, InterruptedException {
    byte[] whole = Encoded.jpeg(PaintedFace.portrait(400, 400, 200, 180, 140), 0.9f);
    Files.write(folder.resolve(NAME + "-1.jpg"), whole);
    Files.write(folder.resolve(NAME + "-2.jpg"), Arrays.copyOf(whole, whole.length / 2));
    Files.write(
        folder.resolve(NAME + "-3.png"),
        new byte[] {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 1});
    Files.writeString(folder.resolve(NAME + "-4.jpg"), "dear photographer");
    Path log = elsewhere.resolve("log.txt");
    List<String> options =
        List.of("-Djava.awt.headless=true", "-Dorg.bytedeco.javacpp.logger.debug=true");
    ProcessBuilder loud = OtherJvm.command(options, Loud.class, folder, embedder());
    loud.environment().put("OPENCV_LOG_LEVEL", "VERBOSE");

    Process process =
        loud.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertEquals(0, OtherJvm.exitOf(process));
    String logged = Files.readString(log);
    assertTrue(logged.contains("reviewed"));
    assertTrue(logged.contains("everything is logged"));
    assertFalse(logged.contains(NAME));
    assertFalse(logged.contains(folder.getFileName().toString()));
    // Neither an embedding nor a row of pixels, which would be numbers or hexadecimal digits side
    // by side.
    assertFalse(SIDE_BY_SIDE.matcher(logged).find());
    assertTrue(SIDE_BY_SIDE
        .matcher("[0.1, -0.25, 3.0E-4, 0.5, 1, -2, 7, 0.03, 9, 4, 5, 6]")
        .find());
  }

  /** OpenCV's own log stays off the standard error of an application, unless it asks for it. */
  @Test
  void openCvWritesNothingByItself() throws IOException, InterruptedException {
    assertEquals("", errorsOf(null));
    assertTrue(errorsOf("INFO").contains("WARN"), "the program makes OpenCV write a warning");
  }

  private String errorsOf(String level) throws IOException, InterruptedException {
    Path log = elsewhere.resolve("errors.txt");
    ProcessBuilder builder =
        OtherJvm.command(List.of("-Djava.awt.headless=true"), MissingFile.class);
    builder.environment().remove("OPENCV_LOG_LEVEL");
    if (level != null) {
      builder.environment().put("OPENCV_LOG_LEVEL", level);
    }
    Process process = builder
        .redirectError(log.toFile())
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    int status = OtherJvm.exitOf(process);
    String errors = Files.readString(log);
    assertEquals(0, status, errors);
    return errors;
  }

  /** OpenCV logs a file that it cannot open. */
  static final class MissingFile {
    private MissingFile() {}

    public static void main(String[] arguments) {
      OpenCv.load(opencv_imgcodecs.class);
      opencv_imgcodecs.imread("/no/such/image.png").close();
    }
  }

  private static String embedder() {
    try {
      return Material.at("faces/mobileface_v2_112.onnx").toString();
    } catch (RuntimeException absent) {
      return "";
    }
  }

  /** The intake in a process of its own, with every logger open. */
  static final class Loud {
    private Loud() {}

    public static void main(String[] arguments) {
      Logger root = Logger.getLogger("");
      root.setLevel(Level.ALL);
      ConsoleHandler console = new ConsoleHandler();
      console.setLevel(Level.ALL);
      root.addHandler(console);
      root.finest("everything is logged");
      try (ReviewTools tools = arguments[1].isEmpty()
          ? ReviewTools.builtIn()
          : ReviewTools.builtIn().withEmbedder(Path.of(arguments[1]), UsePolicy.COMMERCIAL)) {
        PhotoReview review =
            PhotoReview.of(PhotoSet.from(Path.of(arguments[0])), tools, ReviewOptions.defaults());
        review.toSheet();
        System.out.println("reviewed");
      }
    }
  }
}
