package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.family.LoadedQwen3;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.flux2.Flux2Networks;
import dev.likeness.diffusion.internal.family.zimage.ZImageNetworks;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts encoded by Qwen3, beside transformers' Qwen3. */
@ExtendWith(NoTensorLeaks.class)
class Qwen3ParityTest {
  private static final List<String> PROMPTS = List.of(
      "a photo of an old woman with red hair and glasses, studio light",
      "wow!! hello! ! it's 1999...");
  /** The reference holds every 16th token. */
  private static final double STEP = 16;

  @ParameterizedTest
  @ValueSource(strings = {"zimage/turbo", "zimage/wide", "klein/base", "klein/distilled"})
  void encodesAsThePipelines(String variant, @TempDir Path parent) {
    PipelineFolder folder = PipelineFolder.write(variant, parent);
    ModelComponents files = ModelOpener.open(folder.path());
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        PipelineReference expected = folder.reference();
        OpenModel model = FamilyRegistry.open(files, Compute.EXACT)) {
      LoadedQwen3 encoder = model.networks() instanceof ZImageNetworks image
          ? image.textEncoder()
          : ((Flux2Networks) model.networks()).textEncoder();
      TextEncoding encoded = encoder.encode(PROMPTS, LoadedQwen3.TOKENS, Adaptation.NONE);
      for (int i = 0; i < PROMPTS.size(); i++) {
        Tensor tokens = expected.tensor("text." + i);
        Tensor places = torch
            .arange(new Scalar(0.0), new Scalar(STEP * tokens.size(0)), new Scalar(STEP))
            .to(ScalarType.Long);
        Closeness.assertWithinSpread(
            1e-4, tokens, encoded.tokens().select(0, i).index_select(0, places), variant + " " + i);
      }
    }
  }
}
