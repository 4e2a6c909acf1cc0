package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.internal.family.flux.FluxConfig;
import dev.likeness.diffusion.internal.family.flux.FluxTransformer2DModel;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.T5Encoder;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.Set;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class FluxParityTest {
  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "flux/schnell"})
  void predictsAsDiffusers(String variant, @TempDir Path parent) {
    PipelineFolder folder = PipelineFolder.write(variant, parent);
    Path part = folder.path().resolve("transformer");
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        PipelineReference expected = folder.reference();
        LoadedWeights weights = new LoadedWeights(
            Safetensors.open(part.resolve("diffusion_pytorch_model.safetensors")), Compute.EXACT)) {
      FluxConfig config = FluxConfig.of(ModelConfig.read(part.resolve("config.json")));
      FluxTransformer2DModel net = new FluxTransformer2DModel(config, Weights.of(weights));
      weights.requireAllRead(Set.of());
      Tensor text = expected.tensor("net.text");
      Tensor positions = torch.cat(
          new TensorVector(torch.zeros(text.size(1), 3), expected.tensor("net.positions")), 0);
      Tensor output = net.forward(
          expected.tensor("net.hidden"),
          expected.tensor("net.time"),
          new FluxTransformer2DModel.Inputs(
              text, expected.tensor("net.pooled"), expected.tensor("net.guidance")),
          RotaryEmbedding.of(positions, config.axes()));
      Closeness.assertWithinSpread(1e-4, expected.tensor("net.output"), output, variant);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"flux/dev", "flux/schnell"})
  void encodesTextAsTransformersDoes(String variant, @TempDir Path parent) {
    PipelineFolder folder = PipelineFolder.write(variant, parent);
    Path part = folder.path().resolve("text_encoder_2");
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        PipelineReference expected = folder.reference();
        LoadedWeights weights =
            new LoadedWeights(Safetensors.open(part.resolve("model.safetensors")), Compute.EXACT)) {
      T5Encoder encoder = new T5Encoder(
          T5Encoder.T5Config.of(ModelConfig.read(part.resolve("config.json"))),
          Weights.of(weights));
      weights.requireAllRead(Set.of());
      Closeness.assertWithinSpread(
          1e-4, expected.tensor("t5.output"), encoder.forward(expected.tensor("t5.ids")), variant);
    }
  }
}
