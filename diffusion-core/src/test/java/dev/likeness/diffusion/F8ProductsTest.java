package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.PlannedFiles;
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
import java.util.Arrays;
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
    ModelComponents files = filesInF8(name, network);
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
    ModelComponents files = filesInF8("flux/dev", "transformer");
    try (BaseModel base = BaseModels.open(new Products(files, "transformer"), Compute.EXACT)) {
      float[] alone = base.generate(REQUEST).pixels();
      float[] first = base.generateAll(List.of(REQUEST, REQUEST.seed(4))).get(0).pixels();
      double most = 0;
      for (int i = 0; i < alone.length; i++) {
        most = Math.max(most, Math.abs(alone[i] - first[i]));
      }
      assertEquals(0, most, 1e-5);
    }
  }

  /** Blocks that are read again for each use give the image of those that stay in memory. */
  @Test
  void streamsBlocksInF8() throws IOException {
    ModelComponents files = filesInF8("flux/dev", "transformer");
    try (BaseModel kept = BaseModels.open(new Products(files, "transformer"), Compute.EXACT);
        BaseModel streamed = BaseModels.open(
            new Products(files, "transformer", WeightResidence.F8_STREAMED), Compute.EXACT);
        BaseModel widened = BaseModels.open(
            new Products(files, "transformer", WeightResidence.STREAMED), Compute.EXACT)) {
      float[] pixels = streamed.generate(REQUEST).pixels();
      assertArrayEquals(kept.generate(REQUEST).pixels(), pixels, 1e-5f);
      assertFalse(
          Arrays.equals(widened.generate(REQUEST).pixels(), pixels), "products in f8 round");
    }
  }

  /** A text encoder keeps f8 in memory, and computes with the same numbers as a widened one. */
  @ParameterizedTest
  @CsvSource({"flux/dev, text_encoder", "klein/base, text_encoder"})
  void keepsTextEncodersInF8WithoutAnEffectOnImages(String name, String encoder)
      throws IOException {
    ModelComponents files = filesInF8(name, encoder);
    try (BaseModel widened = BaseModels.open(files, Compute.EXACT);
        BaseModel kept = BaseModels.open(
            new Products(files, encoder, WeightResidence.F8_MATRICES), Compute.EXACT)) {
      assertArrayEquals(
          widened.generate(REQUEST).pixels(), kept.generate(REQUEST).pixels(), 1e-5f);
    }
  }

  @Test
  void plansFromMemoryToStreams() throws IOException {
    filesInF8("flux/dev", "text_encoder");
    ModelComponents files = filesInF8("flux/dev", "transformer");
    MemoryBudget budget = MemoryBudget.of("60GiB").size(32, 32).allow8Bit(EightBits.PRODUCTS);
    Compute gpu = new Compute("cuda:31", DType.BF16);
    List<MemoryPlan> plans = PlannedFiles.choices(files, gpu, budget);
    assertEquals(
        List.of("F8_MATMUL", "F8_MATMUL", "F8_MATMUL", "F8_STREAMED"),
        plans.stream().map(plan -> plan.residence("transformer").name()).toList());
    assertEquals(
        List.of("F8_MATRICES", "F8_MATRICES", "STREAMED", "STREAMED"),
        plans.stream().map(plan -> plan.residence("text_encoder").name()).toList());
    assertEquals(WeightResidence.RESIDENT, plans.get(0).residence("text_encoder_2"), "not in f8");
    for (int i = 1; i < plans.size(); i++) {
      assertTrue(plans.get(i).peak() <= plans.get(i - 1).peak(), plans.get(i).toString());
    }
    long inBf16 = PlannedFiles.choices(files, gpu, budget.allow8Bit(EightBits.NEVER))
        .get(0)
        .peak();
    // Widening one matrix after another has a reserve of 256 MiB for each component.
    long reserve = 512L << 20;
    assertTrue(plans.get(0).peak() - reserve < inBf16, plans.get(0).peak() + " of " + inBf16);
  }

  @Test
  void refusesADeviceWithoutThem() {
    ModelComponents files = ModelOpener.open(PipelineFolder.any("flux/dev", scratch));
    assertEquals(
        "8-bit matrix products need a CPU with VNNI (avx512_vnni, avx_vnni or amx_int8 in"
            + " /proc/cpuinfo) or a GPU of compute capability 8.9 or newer; cuda:31 is not such a GPU;"
            + " turn 8-bit matrix products off",
        assertThrows(
                ResourceLimitException.class,
                () -> PlannedFiles.plan(
                    files,
                    new Compute("cuda:31", DType.BF16),
                    MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS)))
            .getMessage());
  }

  /** Writes a model whose network has its matrices in f8. */
  private ModelComponents filesInF8(String name, String network) throws IOException {
    Path folder = scratch.resolve(name);
    if (!Files.exists(folder)) {
      folder = PipelineFolder.any(name, scratch);
    }
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
    assertTrue(count > 7, count + " matrices");
    return ModelOpener.open(folder);
  }

  /** A model whose network multiplies in f8. */
  private record Products(ModelComponents base, String part, WeightResidence residence)
      implements ModelComponents.Derived {
    Products(ModelComponents base, String network) {
      this(base, network, WeightResidence.F8_MATMUL);
    }

    @Override
    public WeightResidence residence(String component) {
      return component.equals(part) ? residence : base.residence(component);
    }

    @Override
    public ModelComponents with(String component, Path files) {
      return new Products(base.with(component, files), part, residence);
    }
  }
}
