package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;

/**
 * What a plain person file tells of somebody.
 *
 * @param adapter the bytes of all tensors
 * @param faces what an embedder makes of the photos, as the file spells it; empty without one
 */
record PlainPerson(byte[] adapter, List<String> faces) {
  static PlainPerson read(Path file) throws IOException {
    return of(Files.readAllBytes(file));
  }

  private static PlainPerson of(byte[] file) throws IOException {
    int header = 8 + (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
    Map<?, ?> notes =
        (Map<?, ?>) JSON.std.mapFrom(Arrays.copyOfRange(file, 8, header)).get("__metadata__");
    List<String> faces = new ArrayList<>();
    if (notes.get("likeness.faces") instanceof String json) {
      ((List<?>) JSON.std.mapFrom(json).get("vectors"))
          .forEach(vector -> faces.add((String) vector));
    }
    return new PlainPerson(Arrays.copyOfRange(file, header, file.length), faces);
  }

  /** Everything that must not be seen. */
  List<byte[]> secrets() {
    List<byte[]> secrets = new ArrayList<>(List.of(adapter));
    for (String face : faces) {
      secrets.add(face.getBytes(StandardCharsets.US_ASCII));
      secrets.add(Base64.getDecoder().decode(face));
    }
    return secrets;
  }

  /**
   * Fails unless another file tells the same, so that a search for the one is a search for the
   * other.
   */
  void requireSame(byte[] file) throws IOException {
    PlainPerson other = of(file);
    assertArrayEquals(adapter, other.adapter);
    assertEquals(faces, other.faces);
  }
}
