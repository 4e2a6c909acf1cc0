package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.KleinRun;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * LoRAs on bases with a language model, beside diffusers and peft:
 * {@code tools/goldens/zimage_klein_lora.py}.
 */
@ExtendWith(NoTensorLeaks.class)
class LanguageLoraTest {
  @TempDir
  private Path parent;

  @ParameterizedTest
  @CsvSource({
    "zimage, zimage/turbo, diffusers, z-image",
    "zimage, zimage/turbo, makers, z-image",
    "klein, klein/base, diffusers, flux2",
    "klein, klein/base, makers, flux2"
  })
  void generatesAsDiffusers(String family, String variant, String names, String told) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        Safetensors expected = Safetensors.open(GoldenLora.file("../qwen/images"));
        Lora lora = Lora.open(GoldenLora.file("../qwen/" + family + "-" + names), base)) {
      assertEquals(told, lora.inspection().family());
      Tensor image = expected.read(family).select(0, 0);
      ImageRequest request = ImageRequest.of("wow!! hello! ! it's 1999...")
          .steps(2)
          .guidance(3)
          .size(16, 24)
          .seed(31)
          .adapter(lora.at(0.8));
      Closeness.assertImage(1e-3, image, base.generate(request), family + " " + names);
    }
  }

  /** Reference images and a LoRA together: {@code tools/goldens/klein_references.py --lora}. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void generatesWithReferenceImagesAsDiffusers(int number) throws IOException {
    KleinRun run = KleinRun.of("/golden/klein-references-lora/reference.json", number);
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(run.base(parent), Compute.EXACT);
        Safetensors expected =
            Safetensors.open(GoldenLora.file("../klein-references-lora/reference"));
        Lora lora = Lora.open(GoldenLora.file("../qwen/klein-diffusers"), base)) {
      ImageRequest plain = run.request();
      Tensor image = expected.read("run" + number + ".images").select(0, 0);
      Closeness.assertImage(
          1e-3, image, base.generate(plain.adapter(lora.at(0.8))), "run " + number);
      assertNotEquals(
          base.generate(plain).image(),
          base.generate(plain.adapter(lora.at(0.8))).image(),
          "the LoRA counts");
    }
  }

  private static final String ATTENTION = "diffusion_model.layers.0.attention.";

  /**
   * As Anime-Z's trainer writes Z-Image's attentions: fused and apart. diffusers takes what is
   * apart.
   */
  @ParameterizedTest
  @CsvSource({"qkv, to.q to.k to.v", "qkv, to_q to_k to_v", "out, to_out.0"})
  void ignoresAFusedLayerBesideItsParts(String fused, String parts) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write("zimage/turbo", parent).path(), Compute.EXACT)) {
      Map<String, Tensor> tensors = new HashMap<>();
      List<String> apart = List.of(parts.split(" "));
      apart.forEach(part -> pair(tensors, ATTENTION + part, 48, 48, 1));
      Map<String, Tensor> both = new HashMap<>(tensors);
      pair(both, ATTENTION + fused, 48, 48 * apart.size(), 2);
      both.put(ATTENTION + fused + ".alpha", torch.ones(1));
      assertEquals(deltaNorms(base, tensors), deltaNorms(base, both));
      assertEquals(
          Set.of(
              ATTENTION + fused + ".lora.down.weight",
              ATTENTION + fused + ".lora.up.weight",
              ATTENTION + fused + ".alpha"),
          Set.copyOf(Lora.inspect(file(both), base).keys().ignored()));
      both.remove(ATTENTION + apart.get(0) + ".lora.down.weight");
      both.remove(ATTENTION + apart.get(0) + ".lora.up.weight");
      assertEquals(
          apart.size() > 1,
          refused(base, both),
          "some parts say the same as the fused layer, perhaps");
    }
  }

  @Test
  void readsBlocksOfFlux2WithoutTheirPrefix() {
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write("klein/base", parent).path(), Compute.EXACT)) {
      Map<String, Tensor> whole = new HashMap<>();
      pair(whole, "diffusion_model.transformer_blocks.0.attn.to_q", 32, 32, 1);
      Map<String, Tensor> lost = new HashMap<>();
      pair(lost, "diffusion_model.sformer_blocks.0.attn.to_q", 32, 32, 1);
      assertEquals(deltaNorms(base, whole), deltaNorms(base, lost));
    }
  }

  private static void pair(
      Map<String, Tensor> tensors, String stem, long in, long out, double value) {
    tensors.put(stem + ".lora.down.weight", torch.ones(2, in));
    tensors.put(stem + ".lora.up.weight", torch.full(new long[] {out, 2}, new Scalar(value)));
  }

  private Path file(Map<String, Tensor> tensors) {
    Path file = parent.resolve("look.safetensors");
    SafetensorsWriter.write(file, tensors, Map.of());
    return file;
  }

  /** By layer, the sum of what is added to its weight. */
  private Map<String, Double> deltaNorms(BaseModel base, Map<String, Tensor> tensors) {
    Map<String, Double> sums = new HashMap<>();
    try (Lora lora = Lora.open(file(tensors), base)) {
      lora.deltas()
          .weights()
          .forEach((layer, change) -> sums.put(
              layer.name(),
              change.deltaWeight(layer.readF32(EngineAccess.model(base))).sum().item_double()));
    }
    return sums;
  }

  private boolean refused(BaseModel base, Map<String, Tensor> tensors) {
    try (Lora lora = Lora.open(file(tensors), base)) {
      return false;
    } catch (InvalidInputException e) {
      return e.getMessage().contains(" name the same tensor of one layer");
    }
  }
}
