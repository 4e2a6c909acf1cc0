package dev.likeness.hub;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.gguf.GgufHeader;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Headers come without weights, and say what those of the local file say. */
class RemoteHeadersTest {
  @TempDir
  private Path cache;

  private TestHub server;

  /** Returns the hub of a test, without repositories. */
  TestHub start() {
    return new LocalHub();
  }

  @BeforeEach
  void startServer() {
    server = start();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private RemoteHeaders headers(String address) {
    return ModelHub.open(server.settings(cache)).headers(HubAddress.parse(address));
  }

  /** A safetensors file with a header of about {@code length} bytes and 4 MB of weights. */
  private static byte[] safetensors(int length) {
    int data = 4_000_000;
    String start = "{\"__metadata__\": {\"note\": \"";
    String end =
        "\"}, \"edm_mean\": {\"dtype\": \"F32\", \"shape\": [4], \"data_offsets\": [0, 16]},"
            + " \"weight\": {\"dtype\": \"U8\", \"shape\": [" + (data - 16)
            + "], \"data_offsets\": [16, "
            + data + "]}}";
    String json = start + "x".repeat(Math.max(0, length - start.length() - end.length())) + end;
    byte[] text = json.getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(8 + text.length + data).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(text.length).put(text).putFloat(0.5f).putFloat(1).putFloat(2).putFloat(4);
    file.put(Bytes.of(data - 16, 5));
    return file.array();
  }

  @Test
  void theHeaderOfSafetensorsIsWhole() throws Exception {
    server.repository("ada/base").large("base.safetensors", safetensors(500));
    try (RemoteHeaders headers = headers("ada/base")) {
      SafetensorsHeader header = SafetensorsHeader.read(headers.path());
      assertEquals(Set.of("edm_mean", "weight"), header.names());
      assertEquals(safetensors(500).length, Files.size(headers.path()));
      assertTrue(headers.readBytes() < 200_000, "of four million");
      assertEquals(safetensors(500).length, headers.fileBytes());
      assertEquals("hf:ada/base is whole", headers.named(headers.path() + " is whole"));
    }
    assertFalse(Files.exists(cache.resolve("models--ada--base")), "nothing is kept");
  }

  @Test
  void theValuesThatTellAVariantAreRead() throws Exception {
    server.repository("ada/base").large("base.safetensors", safetensors(500));
    try (RemoteHeaders headers = headers("ada/base")) {
      long start = SafetensorsHeader.read(headers.path()).dataStart();
      ByteBuffer values =
          ByteBuffer.wrap(Files.readAllBytes(headers.path())).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(0.5f, values.getFloat((int) start));
      assertEquals(4f, values.getFloat((int) start + 12));
      assertEquals(0, values.getInt((int) start + 1_000_000), "of weights, nothing");
    }
  }

  @Test
  void aLongHeaderIsReadInTwoParts() {
    server.repository("ada/base").large("base.safetensors", safetensors(700_000));
    try (RemoteHeaders headers = headers("ada/base")) {
      assertEquals(
          Set.of("edm_mean", "weight"), SafetensorsHeader.read(headers.path()).names());
      assertTrue(headers.readBytes() < 900_000);
    }
  }

  @Test
  void pathsAreDeletedAfterwards() {
    server.repository("ada/base").large("base.safetensors", safetensors(500));
    RemoteHeaders headers = headers("ada/base");
    Path path = headers.path();
    assertTrue(Files.exists(path));
    headers.close();
    assertFalse(Files.exists(path.getParent()));
  }

  @Test
  void aFolderGivesItsConfigurationsAndHeaders() throws Exception {
    server
        .repository("ada/folder")
        .small("model_index.json", "{\"unet\": [\"diffusers\", \"UNet2DConditionModel\"]}")
        .small("unet/config.json", "{\"in_channels\": 4}")
        .large("unet/diffusion_pytorch_model.safetensors", safetensors(500))
        .large("whole.safetensors", safetensors(900));
    try (RemoteHeaders headers = headers("ada/folder")) {
      assertEquals(
          "{\"in_channels\": 4}", Files.readString(headers.path().resolve("unet/config.json")));
      assertEquals(
          2,
          SafetensorsHeader.read(headers.path().resolve("unet/diffusion_pytorch_model.safetensors"))
              .names()
              .size());
      assertFalse(Files.exists(headers.path().resolve("whole.safetensors")));
      assertEquals(
          "hf:ada/folder:unet/config.json",
          headers
              .named(headers.path().resolve("unet/config.json").toString())
              .replace("hf:ada/folder/", "hf:ada/folder:"));
    }
  }

  /** A GGUF file whose metadata has a vocabulary of {@code words} words before the tensor. */
  private static byte[] gguf(int words) {
    ByteBuffer file = ByteBuffer.allocate(400_000 + words * 20).order(ByteOrder.LITTLE_ENDIAN);
    file.put("GGUF".getBytes(StandardCharsets.US_ASCII)).putInt(3).putLong(1).putLong(2);
    text(file, "general.architecture");
    file.putInt(8);
    text(file, "flux");
    text(file, "words");
    file.putInt(9).putInt(8).putLong(words);
    for (int i = 0; i < words; i++) {
      text(file, "word" + i);
    }
    text(file, "weight");
    file.putInt(1).putLong(1000).putInt(0).putLong(0);
    return file.array();
  }

  private static void text(ByteBuffer file, String text) {
    file.putLong(text.length()).put(text.getBytes(StandardCharsets.US_ASCII));
  }

  @Test
  void theHeaderOfGgufIsReadToItsEnd() {
    server.repository("ada/gguf").large("a.gguf", gguf(10)).large("b.gguf", gguf(100_000));
    for (String name : new String[] {"a", "b"}) {
      try (RemoteHeaders headers = headers("ada/gguf:" + name + ".gguf")) {
        assertEquals(Set.of("weight"), GgufHeader.read(headers.path()).names());
        assertTrue(headers.readBytes() < 4_500_000);
      }
    }
  }

  @Test
  void aDamagedGgufHeaderIsToldByItsReader() {
    byte[] damaged = gguf(10);
    damaged[60] = 99;
    server.repository("ada/gguf").large("a.gguf", damaged);
    try (RemoteHeaders headers = headers("ada/gguf")) {
      assertThrows(InvalidInputException.class, () -> GgufHeader.read(headers.path()));
    }
  }

  @Test
  void aPageInPlaceOfWeightsIsToldByItsReader() {
    server
        .repository("ada/page")
        .large("base.safetensors", ("<!DOCTYPE html>" + " ".repeat(300_000)).getBytes());
    try (RemoteHeaders headers = headers("ada/page")) {
      String message = assertThrows(
              InvalidInputException.class, () -> SafetensorsHeader.read(headers.path()))
          .getMessage();
      assertTrue(
          message.contains("HTML") || message.contains("html") || message.contains("page"),
          message);
    }
  }

  @Test
  void anOldPickleHasNoHeader() {
    byte[] pickle = new byte[21_000_000];
    System.arraycopy(new byte[] {(byte) 0x80, 2, (byte) 0x8a, 10}, 0, pickle, 0, 4);
    server.repository("ada/pickle").large("base.ckpt", pickle);
    String message =
        assertThrows(InvalidInputException.class, () -> headers("ada/pickle")).getMessage();
    assertEquals(
        "ada/pickle:base.ckpt is an old torch pickle of 21 MB, which has no header; get it, and"
            + " inspect the local file",
        message);
  }

  @Test
  void aPickleWithADamagedDirectoryIsTold() {
    byte[] pickle = new byte[3_000_000];
    System.arraycopy(new byte[] {'P', 'K', 3, 4}, 0, pickle, 0, 4);
    server.repository("ada/pickle").large("base.ckpt", pickle);
    assertEquals(
        "ada/pickle:base.ckpt has a damaged zip directory; choose another revision or repository",
        assertThrows(InvalidInputException.class, () -> headers("ada/pickle")).getMessage());
  }

  @Test
  void aServerWithoutRangesIsReadFromItsBeginning() {
    byte[] file = safetensors(500);
    server.repository("ada/base").large("base.safetensors", file);
    server.next("storage", "ada/base:base.safetensors", Scripted.bytes(file));
    try (RemoteHeaders headers = headers("ada/base")) {
      assertEquals(2, SafetensorsHeader.read(headers.path()).names().size());
    }
  }

  @Test
  void aGatedRepositoryIsToldAsInADownload() {
    server.repository("ada/gated").large("base.safetensors", safetensors(500)).gated();
    assertTrue(assertThrows(InvalidInputException.class, () -> headers("ada/gated"))
        .getMessage()
        .startsWith("ada/gated is gated: accept its licence at "));
  }
}
