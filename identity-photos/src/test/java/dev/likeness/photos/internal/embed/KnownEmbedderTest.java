package dev.likeness.photos.internal.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.photos.embed.EmbedderSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KnownEmbedderTest {
  // SHA-256 of "abc": FIPS 180-2, appendix B.1.
  private static final String ABC =
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @TempDir
  private Path folder;

  @Test
  void tellsAFileByItsDigestUnderAnyName() throws IOException {
    Path file = Files.writeString(folder.resolve("model.onnx"), "abc");
    KnownEmbedder known = new KnownEmbedder("glintr100.onnx", ABC, EmbedderSpec.AURAFACE);
    assertEquals(Optional.of(known), KnownEmbedder.of(file, List.of(known), 0));
    assertEquals(Optional.empty(), KnownEmbedder.of(file, KnownEmbedder.ALL, 0));
    assertEquals(Optional.empty(), KnownEmbedder.of(file, List.of(known), 4), "too small");
    assertEquals(Optional.empty(), KnownEmbedder.of(folder, List.of(known), 0), "a folder");
  }

  @Test
  void hasTwoFilesOfOneName() {
    assertEquals(
        List.of(EmbedderSpec.ARCFACE, EmbedderSpec.AURAFACE),
        KnownEmbedder.ALL.stream()
            .filter(known -> known.file().equals("glintr100.onnx"))
            .map(KnownEmbedder::spec)
            .toList());
    assertTrue(
        KnownEmbedder.ALL.stream().allMatch(known -> known.sha256().matches("[0-9a-f]{64}")));
  }
}
