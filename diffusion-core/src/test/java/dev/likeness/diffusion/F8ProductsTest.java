package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.F8Linear;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whole images with the products that a GPU would use for a file in f8, here on the CPU. */
@ExtendWith(NoTensorLeaks.class)
class F8ProductsTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a photo").steps(2).size(32, 32).seed(3);

  @TempDir
  private Path scratch;

  @ParameterizedTest
  @CsvSource({"flux/dev, transformer", "sd1/base, unet"})
  void generatesNearlyTheSameImage(String name, String network) throws IOException {
    ModelParts files = filesInF8(name, network);
    try (BaseModel base = BaseModels.open(files, Compute.EXACT);
        BaseModel products = BaseModels.open(new Products(files, network), Compute.EXACT)) {
      float[] exact = base.generate(REQUEST).pixels();
      float[] near = products.generate(REQUEST).pixels();
      double sum = 0;
      for (int i = 0; i < exact.length; i++) {
        sum += Math.abs(exact[i] - near[i]);
      }
      double mean = sum / exact.length;
      assertTrue(mean > 1e-5 && mean < 0.03, "mean difference " + mean);
    }
  }

  @Test
  void sharesABatchWithoutAnEffectOnImages() throws IOException {
    ModelParts files = filesInF8("flux/dev", "transformer");
    try (BaseModel base = BaseModels.open(new Products(files, "transformer"), Compute.EXACT)) {
      float[] alone = base.generate(REQUEST).pixels();
      float[] first = base.generate(List.of(REQUEST, REQUEST.seed(4))).get(0).pixels();
      double most = 0;
      for (int i = 0; i < alone.length; i++) {
        most = Math.max(most, Math.abs(alone[i] - first[i]));
      }
      assertEquals(0, most, 1e-5);
    }
  }

  @Test
  void refusesADeviceWithoutThem() {
    ModelParts files = ModelOpener.open(PipelineFolder.any("flux/dev", scratch));
    assertEquals(
        "8-bit matrix products need a CPU with VNNI (avx512_vnni, avx_vnni or amx_int8 in"
            + " /proc/cpuinfo) or a GPU of compute capability 8.9 or newer; cuda:31 is not such a GPU;"
            + " turn 8-bit matrix products off",
        assertThrows(
                ResourceLimitException.class,
                () -> MemoryPlan.of(
                    files,
                    new Compute("cuda:31", DType.BF16),
                    MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS)))
            .getMessage());
  }

  /** Writes a model whose network has its matrices in f8. */
  private ModelParts filesInF8(String name, String network) throws IOException {
    Path folder = PipelineFolder.any(name, scratch);
    Path file;
    try (Stream<Path> all = Files.list(folder.resolve(network))) {
      file = all.filter(path -> path.toString().endsWith(".safetensors"))
          .findFirst()
          .orElseThrow();
    }
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    Path copy = scratch.resolve("copy.safetensors");
    int count = 0;
    try (TensorScope scope = TensorScope.open();
        TensorSource source = Safetensors.open(file)) {
      for (String key : source.names()) {
        Tensor own = source.read(key);
        tensors.put(key, own.dim() == 2 ? own.to(ScalarType.Float8_e4m3fn) : own);
      }
      SafetensorsWriter.write(copy, tensors, Map.of());
    }
    Files.move(copy, file, StandardCopyOption.REPLACE_EXISTING);
    try (TensorSource source = Safetensors.open(file)) {
      count += source.names().stream()
          .filter(key -> F8Linear.isStoredIn(source, key))
          .count();
    }
    assertTrue(count > 10, count + " matrices");
    return ModelOpener.open(folder);
  }

  /** A model whose network multiplies in f8. */
  private record Products(ModelParts base, String network) implements ModelParts.Derived {
    @Override
    public WeightResidence residence(String component) {
      return component.equals(network) ? WeightResidence.F8_MATMUL : base.residence(component);
    }

    @Override
    public ModelParts with(String component, Path files) {
      return new Products(base.with(component, files), network);
    }
  }
}
