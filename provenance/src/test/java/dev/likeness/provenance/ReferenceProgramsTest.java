package dev.likeness.provenance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Our files in the hands of c2pa-python and invisible-watermark. Wants
 * {@code -Dlikeness.python=PROGRAM}, a Python that has both; skipped without.
 */
class ReferenceProgramsTest {
  private static final String MODEL =
      "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

  @TempDir
  private static Path folder;

  private static Path png;
  private static Path jpeg;

  @BeforeAll
  static void write() {
    Assumptions.assumeTrue(
        System.getProperty("likeness.python") != null,
        "no Python with c2pa-python and invisible-watermark; give one with -Dlikeness.python=PROGRAM");
    RgbImage image = TestImages.of(512, 384, 3);
    png = folder.resolve("a.png");
    jpeg = folder.resolve("a.jpg");
    Disclosure.standard().writePng(image, png);
    Disclosure.standard().writeJpeg(image, jpeg);
  }

  @Test
  void readerAcceptsOurFilesAndNamesActionAndSource() throws IOException {
    for (Path file : List.of(png, jpeg)) {
      Map<?, ?> report = report(file);
      assertEquals("Valid", report.get("state"));
      assertEquals(List.of(List.of("c2pa.created", MODEL)), report.get("actions"));
      assertEquals(List.of("signingCredential.untrusted"), report.get("failure"));
      assertEquals("Likeness development certificate: do not trust", report.get("issuer"));
    }
  }

  @Test
  void readerAcceptsAnApplicationsSignature() throws IOException {
    for (String keys : List.of("EC", "RSA")) {
      Path file = folder.resolve(keys + ".png");
      Disclosure.standard()
          .signer(ApplicationIdentity.make(folder.resolve(keys), keys, "Ada"))
          .writePng(TestImages.of(256, 256, 2), file);
      assertEquals("Valid", report(file).get("state"));
    }
  }

  @Test
  void readerAcceptsAnImageEditedFromAnother() throws IOException {
    Path file = folder.resolve("edited.png");
    Disclosure edited = Disclosure.standard().edited(true);
    edited.writePng(TestImages.of(256, 256, 2), file);
    Map<?, ?> report = report(file);
    assertEquals("Valid", report.get("state"));
    assertEquals(List.of("signingCredential.untrusted"), report.get("failure"));
    assertEquals(
        List.of(
            List.of("c2pa.opened", ""), List.of("c2pa.edited", edited.source().uri())),
        report.get("actions"));
  }

  @Test
  void readerReportsTampering() throws IOException {
    for (Path file : List.of(png, jpeg)) {
      byte[] bytes = Files.readAllBytes(file);
      bytes[bytes.length - 40] ^= 1;
      Path changed = Files.write(folder.resolve("changed-" + file.getFileName()), bytes);
      Map<?, ?> report = report(changed);
      assertEquals("Invalid", report.get("state"));
      assertEquals(
          List.of("assertion.dataHash.mismatch", "signingCredential.untrusted"),
          report.get("failure"));
    }
  }

  @Test
  void decoderFindsAllBitsAfterJpegAndResize() throws IOException {
    for (String line : python("watermark_bits.py", png, jpeg).strip().split("\\R")) {
      assertEquals("0 0 0 0 0", line);
    }
  }

  private static Map<?, ?> report(Path file) throws IOException {
    Map<?, ?> files =
        (Map<?, ?>) JSON.std.mapFrom(python("c2pa_reports.py", file)).get("files");
    return (Map<?, ?>) files.get(file.getFileName().toString());
  }

  private static String python(String script, Path... files) throws IOException {
    Path root = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(root.resolve("tools/goldens"))) {
      root = root.getParent();
    }
    List<String> command = new ArrayList<>(List.of(
        System.getProperty("likeness.python"),
        root.resolve("tools/goldens").resolve(script).toString()));
    for (Path file : files) {
      command.add(file.toString());
    }
    Process process = new ProcessBuilder(command)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }
}
