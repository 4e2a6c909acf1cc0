package dev.likeness.diffusion.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ModelFiles;
import dev.likeness.diffusion.PreviewDecoder;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

class DeviceMemoryTest {
  private static final int BYTES = 256 << 20;

  @Test
  void returnsTheMemoryOfTheHostAndOfThisProcess() {
    LibTorch.load();
    // The allocator's heap may have as many free pages, which the process already holds.
    LibTorch.trim();
    DeviceMemory before = Compute.EXACT.memory();
    assertTrue(before.total() > before.free() && before.free() >= 0, before.toString());
    assumeTrue(
        before.used() != DeviceMemory.UNKNOWN, "the system does not tell what a process takes");
    assertTrue(
        before.used() > 0 && before.used() <= before.peak() && before.peak() < before.total(),
        before.toString());
    assertEquals(before.used(), before.reserved());
    try (TensorScope scope = TensorScope.open()) {
      Tensor held = torch.ones(BYTES / Float.BYTES);
      DeviceMemory with = Compute.EXACT.memory();
      // Other threads may free memory meanwhile.
      assertTrue(
          with.used() > before.used() + BYTES / 2,
          before.used() + " then " + with.used() + " with " + held.numel());
      assertTrue(with.peak() >= with.used());
    }
  }

  @Test
  void printsGibibytes() {
    assertEquals(
        "24.0 GiB, 0.5 GiB free", new DeviceMemory(24L << 30, 1L << 29, 0, 0, 0).toString());
  }

  @Test
  void namesTheCudaRequirementsIfNoDeviceAnswers() {
    LibTorch.load();
    assumeFalse(torch.hasCUDA(), "there may be a GPU");
    Compute gpu = new Compute("cuda", DType.BF16);
    assertEquals(
        "no CUDA device is available: add dev.likeness:likeness-natives-cuda-linux-x86_64 (type pom;"
            + " for the command likeness: mvn package -P cuda), and install CUDA 13 with cuDNN 9 and NCCL;"
            + " or choose --device cpu",
        assertThrows(ResourceLimitException.class, gpu::memory).getMessage());
    assertTrue(DeviceMemory.find(gpu).isEmpty());
    assertThrows(ResourceLimitException.class, () -> BaseModel.open((ModelFiles) null, gpu));
    Path none = Path.of("none");
    assertThrows(ResourceLimitException.class, () -> BaseModel.openControlNet(none, gpu));
    assertThrows(ResourceLimitException.class, () -> PreviewDecoder.open(none, gpu));
  }

  @Test
  void namesAnArtifactThatTheBomManages() throws IOException {
    String artifact = Compute.CUDA_REQUIREMENTS.replaceFirst(".*dev\\.likeness:([\\w-]+) .*", "$1");
    assertTrue(
        Files.readString(Path.of("../bom/pom.xml"))
            .contains("<artifactId>" + artifact + "</artifactId>"),
        artifact);
  }
}
