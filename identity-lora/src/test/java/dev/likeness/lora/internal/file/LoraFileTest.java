package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.pickle.TorchPickle;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.HubCacheFolder;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class LoraFileTest {
  private static final String DOWN = "x.lora_down.weight";

  @TempDir
  private Path folder;

  private Path file(int entry) {
    Path file = folder.resolve("look.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          file, Map.of(DOWN, torch.ones(2, 3)), Map.of("entry", "a".repeat(entry)));
    }
    return file;
  }

  /** A header of 19,280 bytes begins, as a zip does, with P and K. */
  @Test
  void readsAFileWhoseFirstBytesAreThoseOfAZip() throws IOException {
    int wanted = 'P' + ('K' << 8);
    int without = header(file(0));
    Path file = file(wanted - without);
    assertEquals(wanted, header(file));
    try (LoraFile source = LoraFile.open(file)) {
      assertEquals(Set.of(DOWN), source.tensors().names());
    }
  }

  private static int header(Path file) throws IOException {
    byte[] start = Arrays.copyOf(Files.readAllBytes(file), 2);
    return (start[0] & 255) + ((start[1] & 255) << 8);
  }

  @Test
  void readsPlainNumbersOfAPickleAsAlphas() {
    try (TensorScope scope = TensorScope.open();
        TorchPickle.PickledAlphas both =
            new TorchPickle.PickledAlphas(Safetensors.open(file(0)), Map.of("x.alpha", 1.5))) {
      assertEquals(Set.of(DOWN, "x.alpha"), both.names());
      assertArrayEquals(new long[0], both.shape("x.alpha"));
      assertArrayEquals(new long[] {2, 3}, both.shape(DOWN));
      assertEquals(DType.F32, both.dtype("x.alpha"));
      assertEquals(1.5f, both.read("x.alpha").item_float());
      assertEquals(1f, both.read(DOWN).max().item_float());
    }
  }

  @Test
  void findsALoraInTheSharedStoreOfACache() throws IOException {
    HubCacheFolder hub = HubCacheFolder.create(folder.toRealPath(), "acme/look");
    byte[] lora = Files.readAllBytes(file(0));
    Path named = hub.add("look.safetensors", lora);
    Path saved = hub.add("pytorch_lora_weights.safetensors", lora);
    for (Path given : List.of(named, saved, hub.snapshot(), hub.repository())) {
      try (LoraFile source = LoraFile.open(LoraFile.weights(given))) {
        assertEquals(Set.of(DOWN), source.tensors().names(), given.toString());
      }
    }
    Files.delete(hub.store().resolve(HubCacheFolder.MARKER));
    String message = assertThrows(
            InvalidInputException.class, () -> LoraFile.weights(hub.repository()))
        .getMessage();
    assertTrue(message.startsWith(saved + " links to \"../../blobs/"), message);
  }
}
