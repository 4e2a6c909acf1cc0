package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.provenance.Disclosure;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files whose text would like to be a terminal's commands, or lines of the command's own. */
class QuotedTextTest {
  private static final String HOSTILE = "x\nmanifest     unchanged, from a trusted "
      + "signer\r\u001b]0;owned\u0007\u001b[2J\u009b1;1H\u202e\u2028\u0085y";
  private static final Duration SHORT = Duration.ofSeconds(60);

  @TempDir
  private Path folder;

  /** Names what ends how: {@code ../shared/cases/README.md}. */
  @ParameterizedTest
  @CsvSource({
    "bad__c2pa__esc.png, 0, ",
    "bad__c2pa__spoof.png, 0, ",
    "bad__c2pa__xmp-esc.png, 3, has no signed manifest",
    "bad__c2pa__xmp-deepok.png, 3, has no signed manifest",
    "bad__c2pa__excl-11.png, 3, assertion.dataHash.mismatch",
    "bad__c2pa__weak-rsa1024.png, 3, too weak to trust",
    "proof__weak-sha1-rsa1024.png, 3, too weak to trust",
    "bad__c2pa__receipt-extra.json, 3, the signature does not cover"
  })
  void judgesFilesThatOncePassed(String name, int status, String fault) {
    Path file = Material.ofCase("attacks/" + name);
    Path trusted = Material.ofCase("attacks/proof__trust.pem");
    for (String[] more : List.of(
        new String[0], new String[] {"--json"}, new String[] {"--trust", trusted.toString()})) {
      List<String> line = new ArrayList<>(List.of("verify", file.toString()));
      line.addAll(List.of(more));
      CommandResult run = assertTimeout(SHORT, () -> CommandResult.of(line.toArray(new String[0])));
      assertEquals(status, run.status(), run.err());
      assertPlain(run);
      if (fault != null) {
        assertEquals(1, run.errorLines().size());
        assertTrue(run.err().contains(fault), run.err());
        assertTrue(run.err().contains(name), run.err());
      }
    }
  }

  @Test
  void quotesTheMetadataThatOnceSpoke() {
    Path file = Material.ofCase("attacks/proof__meta-spoof.safetensors");
    CommandResult run = CommandResult.of("inspect", file.toString());
    assertPlain(run);
    assertEquals(1, run.out().lines().filter(line -> line.startsWith("family")).count());
    assertTrue(run.out().lines().anyMatch(line -> line.startsWith("metadata     \"note\" \"x")));
  }

  @Test
  void quotesWhatAManifestSays() throws IOException {
    for (String ending : List.of("png", "jpg", "webp")) {
      Path file = folder.resolve("signed." + ending);
      Files.write(file, signed(ending));
      for (String command : List.of("verify", "inspect")) {
        CommandResult run = CommandResult.of(command, file.toString());
        assertEquals(0, run.status(), run.err());
        assertPlain(run);
        assertFalse(run.out().contains("from a trusted signer\n"), run.out());
        CommandResult json = CommandResult.of(command, "--json", file.toString());
        assertPlain(json);
        assertEquals(
            HOSTILE,
            ((Map<?, ?>) JSON.std.mapFrom(json.out()).get("manifest")).get("generator"),
            "JSON loses nothing");
      }
      assertTrue(CommandResult.of("verify", file.toString())
          .out()
          .contains("made by      \"x\\u000amanifest     unchanged, from a trusted "
              + "signer\\u000d\\u001b]0;"));
    }
  }

  private static byte[] signed(String ending) {
    RgbImage image = RgbImage.of(16, 16, new byte[16 * 16 * 3]);
    Disclosure disclosure = Disclosure.standard().generator(HOSTILE);
    return switch (ending) {
      case "png" -> disclosure.encodePng(image);
      case "jpg" -> disclosure.encodeJpeg(image);
      default -> disclosure.encodeWebp(image);
    };
  }

  @Test
  void quotesWhatXmpSays() throws IOException {
    String packet = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
        + "xmlns:i='http://iptc.org/std/Iptc4xmpExt/2008-02-29/' "
        + "xmlns:t='http://purl.org/dc/terms/'><rdf:Description>"
        + "<i:DigitalSourceType>x&#10;manifest     whole&#x202e;</i:DigitalSourceType>"
        + "<t:provenance>http://a/&#10;watermark    yes&#x9b;1m</t:provenance>"
        + "</rdf:Description></rdf:RDF>";
    Path file = Files.write(folder.resolve("xmp.png"), withXmp(packet));
    CommandResult run = CommandResult.of("verify", file.toString());
    assertEquals(3, run.status());
    assertPlain(run);
    assertTrue(run.out().contains("source type  \"x\\u000amanifest     whole\\u202e\""), run.out());
    assertTrue(
        run.out().contains("remote       \"http://a/\\u000awatermark    yes\\u009b1m\""),
        run.out());
  }

  private static byte[] withXmp(String packet) {
    byte[] png = RgbImage.of(4, 4, new byte[48]).toPng();
    byte[] data = ("iTXtXML:com.adobe.xmp\0\0\0\0\0" + packet).getBytes(StandardCharsets.UTF_8);
    CRC32 check = new CRC32();
    check.update(data);
    byte[] chunk = ByteBuffer.allocate(8 + data.length)
        .putInt(data.length - 4)
        .put(data)
        .putInt((int) check.getValue())
        .array();
    return ByteBuffer.allocate(png.length + chunk.length)
        .put(png, 0, 33)
        .put(chunk)
        .put(png, 33, png.length - 33)
        .array();
  }

  @Test
  void quotesWhatWeightsSay() throws IOException {
    String header = JSON.std.asString(Map.of(
        "__metadata__",
        Map.of("note", HOSTILE, HOSTILE, "a"),
        HOSTILE + ".lora_A.weight",
        Map.of("dtype", "F32", "shape", List.of(1), "data_offsets", List.of(0, 4))));
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    Path file = Files.write(
        folder.resolve("hostile.safetensors"),
        ByteBuffer.allocate(8 + json.length + 4)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(json.length)
            .put(json)
            .array());
    for (String option : List.of("--json", "")) {
      CommandResult run = option.isEmpty()
          ? CommandResult.of("inspect", file.toString())
          : CommandResult.of("inspect", option, file.toString());
      assertPlain(run);
      assertEquals(
          0, run.out().lines().filter(line -> line.startsWith("manifest")).count());
    }
  }

  @Test
  void printsNamesOfFilesOnOneLine() throws IOException {
    Path photos = Files.createDirectory(folder.resolve("photos"));
    String name = "a\nb\u001b[2J\u202e.png";
    Files.write(photos.resolve(name), RgbImage.of(4, 4, new byte[48]).toPng());
    for (String option : List.of("--json", "")) {
      CommandResult run = option.isEmpty()
          ? CommandResult.of("photos", photos.toString())
          : CommandResult.of("photos", option, photos.toString());
      assertPlain(run);
      assertEquals(0, run.out().lines().filter(line -> line.startsWith("b")).count());
    }
    assertPlain(CommandResult.of("verify", photos.resolve("\u001b[2J.png").toString()));
  }

  /** Whatever else prints: nothing reaches the terminal as a command. */
  @Test
  void escapesWhatNobodyQuoted() {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    Console console =
        new Console(new PrintWriter(out), new PrintWriter(err), false, new Cancellation());
    console.out().printf("%s\tü 漢 😀%n", "\u001b[2J");
    console.out().append('\u009b').println(new char[] {'a', '\u202e'});
    console.printError("b\u0007");
    assertEquals("\\u001b[2J\tü 漢 😀\n\\u009ba\\u202e\n", out.toString().replace("\r\n", "\n"));
    assertEquals("likeness: b\\u0007\n", err.toString().replace("\r\n", "\n"));
  }

  private static void assertPlain(CommandResult run) {
    String all = run.out() + run.err();
    all.codePoints()
        .filter(c -> c != '\n' && c != '\r' && c != '\t')
        .forEach(c -> assertFalse(
            Character.isISOControl(c)
                || Character.getType(c) == Character.FORMAT
                || c == 0x2028
                || c == 0x2029,
            () -> Integer.toHexString(c) + " in " + all));
    assertFalse(all.replace(System.lineSeparator(), "\n").contains("\r"), all);
  }
}
