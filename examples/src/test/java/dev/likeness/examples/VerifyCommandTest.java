package dev.likeness.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.headshots.provenance.Disclosure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
  private static final String MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia";

  @TempDir
  private Path folder;
  private Path signed;

  @BeforeEach
  void sign() {
    signed = folder.resolve("signed.png");
    Disclosure.standard().writePng(Picture.of(16, 16, new byte[16 * 16 * 3]), signed);
  }

  @Test
  void saysWhatAPictureCarries() throws IOException {
    CommandRun run = CommandRun.of("verify", signed.toString());
    assertEquals(0, run.status(), run.err());
    assertTrue(run.out().contains("manifest     whole, from a signer that nobody here vouches for"), run.out());
    Map<String, Object> found = JSON.std.mapFrom(CommandRun.of("inspect", "--json", signed.toString()).out());
    assertEquals("picture png true false", found.get("kind") + " " + found.get("format") + " " + found.get("disclosed")
        + " " + found.get("altered"));
    assertEquals(MODEL, found.get("digital_source_type"));
  }

  @Test
  void endsWithThreeOnAnAlteredPicture() throws IOException {
    byte[] bytes = Files.readAllBytes(signed);
    bytes[bytes.length - 20] ^= 1;
    Files.write(signed, bytes);
    CommandRun run = CommandRun.of("verify", signed.toString());
    assertEquals(3, run.status());
    assertEquals(List.of(signed + " was altered after it was signed, or its manifest is broken: "
        + "assertion.dataHash.mismatch; ask for the original file"), run.complaints());
    assertEquals(3, CommandRun.of("inspect", signed.toString()).status());
  }

  @Test
  void endsWithThreeOnAPictureThatTellsNothing() throws IOException {
    Path plain = Files.write(folder.resolve("plain.png"), Picture.of(4, 4, new byte[48]).toPng());
    CommandRun run = CommandRun.of("verify", plain.toString());
    assertEquals(3, run.status());
    assertEquals(List.of(plain + " carries no signed manifest, so nothing tells whether it was altered; ask for the "
        + "original file"), run.complaints());
    assertEquals(0, CommandRun.of("inspect", plain.toString()).status());
  }

  @Test
  void wantsOneThingToVerify() {
    assertEquals(List.of("give either a FILE or --store DIR (try likeness verify --help)"),
        CommandRun.of("verify").complaints());
    assertEquals(List.of("--trust is for a FILE: a store is signed by nobody; leave it out"),
        CommandRun.of("verify", "--store", "people", "--trust", "ours.pem").complaints());
  }
}
