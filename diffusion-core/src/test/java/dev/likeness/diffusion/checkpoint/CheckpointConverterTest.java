package dev.likeness.diffusion.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.io.OwnerOnly;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What a conversion leaves on the disk. */
@ExtendWith(NoTensorLeaks.class)
class CheckpointConverterTest {
  @TempDir
  private Path folder;

  @Test
  void leavesNothingWhenItIsCancelled() throws IOException {
    Path base = PipelineFolder.any("sd1/base", folder);
    Path single = folder.resolve("single.safetensors");
    CheckpointConverter.convert(base, single);
    Path tensors = tensors("tensors.safetensors", Map.of());
    Path empty = Files.createDirectory(folder.resolve("empty"));
    List<String> before = names();
    Cancellation stopped = new Cancellation();
    stopped.cancel();
    Run run = Run.of(stopped);
    for (Path out : List.of(folder.resolve("new"), empty, folder.resolve("new.safetensors"))) {
      for (Path in : List.of(base, single)) {
        assertThrows(CancelledException.class, () -> CheckpointConverter.convert(in, out, run));
        assertThrows(
            CancelledException.class, () -> CheckpointConverter.convert(in, out, DType.F16, run));
      }
    }
    assertThrows(
        CancelledException.class,
        () -> CheckpointConverter.convert(tensors, folder.resolve("new.safetensors"), run));
    assertEquals(before, names());
  }

  @Test
  void refusesItsInputAsItsResult() throws IOException {
    Path file = tensors("tensors.safetensors", Map.of());
    byte[] content = Files.readAllBytes(file);
    Path link = Files.createSymbolicLink(folder.resolve("link.safetensors"), file);
    Path hard = Files.createLink(folder.resolve("hard.safetensors"), file);
    for (Path out : List.of(file, link, hard, folder.resolve("x/../tensors.safetensors"))) {
      assertEquals(
          out + " is the input of the conversion; give another place for the result",
          assertThrows(IllegalArgumentException.class, () -> CheckpointConverter.convert(file, out))
              .getMessage());
    }
    assertEquals(-1, Files.mismatch(file, Files.write(folder.resolve("copy"), content)));
  }

  @Test
  void replacesNoFileOfAFolderThatItFills() throws IOException {
    Path base = PipelineFolder.any("sd1/base", folder);
    Path out = Files.createDirectory(folder.resolve("out"));
    Path mine = Files.createDirectory(out.resolve("unet")).resolve("config.json");
    Files.writeString(mine, "mine");
    String refused = assertThrows(
            ResourceLimitException.class, () -> CheckpointConverter.convert(base, out))
        .getMessage();
    assertTrue(refused.contains("; the whole model is kept in " + out), refused);
    assertEquals("mine", Files.readString(mine));
  }

  @Test
  void keepsPrivateTensorsPrivate() throws IOException {
    assumeTrue(OwnerOnly.hasPermissions(folder));
    Path open = tensors("open.safetensors", Map.of());
    Path person = tensors("person.safetensors", Map.of("likeness.consent", "Ada: yes"));
    Path closed = tensors("closed.safetensors", Map.of());
    Files.setPosixFilePermissions(closed, PosixFilePermissions.fromString("rw-------"));
    assertFalse(OwnerOnly.isOwnerOnly(converted(open)));
    assertTrue(OwnerOnly.isOwnerOnly(converted(person)));
    assertTrue(OwnerOnly.isOwnerOnly(converted(closed)));
    Path base = PipelineFolder.any("sd1/base", folder);
    Path weights = base.resolve("unet/diffusion_pytorch_model.safetensors");
    Files.setPosixFilePermissions(weights, PosixFilePermissions.fromString("rw-------"));
    assertTrue(OwnerOnly.isOwnerOnly(converted(base)));
    Path copy = folder.resolve("copy");
    CheckpointConverter.convert(base, copy);
    assertTrue(OwnerOnly.isOwnerOnly(copy.resolve("unet/diffusion_pytorch_model.safetensors")));
  }

  private Path converted(Path in) {
    Path out = folder.resolve("converted-" + in.getFileName() + ".safetensors");
    CheckpointConverter.convert(in, out, DType.F16);
    return out;
  }

  private Path tensors(String name, Map<String, String> metadata) {
    Path file = folder.resolve(name);
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("weight", torch.ones(2, 3)), metadata);
    }
    return file;
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.map(Path::toString).sorted().toList();
    }
  }
}
