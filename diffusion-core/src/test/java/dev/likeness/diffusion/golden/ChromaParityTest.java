package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.chroma.ChromaConfig;
import dev.likeness.diffusion.internal.family.chroma.ChromaTransformer2DModel;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.T5Encoder;
import dev.likeness.diffusion.request.GenerationDefaults;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.Set;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Chroma's networks beside diffusers and transformers: {@code tools/goldens/chroma.py}. */
@ExtendWith(NoTensorLeaks.class)
class ChromaParityTest {
  @ParameterizedTest
  @ValueSource(strings = {"chroma/base", "chroma/wide"})
  void predictsAsDiffusers(String variant, @TempDir Path parent) {
    PipelineFolder folder = PipelineFolder.write(variant, parent);
    Path part = folder.path().resolve("transformer");
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        PipelineReference expected = folder.reference();
        LoadedWeights weights = new LoadedWeights(
            Safetensors.open(part.resolve("diffusion_pytorch_model.safetensors")), Compute.EXACT)) {
      ChromaConfig config = ChromaConfig.of(ModelConfig.read(part.resolve("config.json")));
      ChromaTransformer2DModel net = new ChromaTransformer2DModel(config, Weights.of(weights));
      weights.requireAllRead(Set.of());
      Tensor text = expected.tensor("net.text");
      Tensor image = expected.tensor("net.positions");
      Tensor positions = torch.cat(new TensorVector(torch.zeros(text.size(1), 3), image), 0);
      Tensor output = net.forward(
          expected.tensor("net.hidden"),
          expected.tensor("net.time"),
          text,
          ChromaTransformer2DModel.mask(expected.tensor("net.counts"), text.size(1), image.size(0)),
          RotaryEmbedding.of(positions, config.axes()),
          null,
          SegmentRunner.PLAIN);
      Closeness.assertWithinSpread(1e-4, expected.tensor("net.output"), output, variant);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"chroma/base", "chroma/wide"})
  void leavesPaddingOutOfTextAsTransformersDoes(String variant, @TempDir Path parent) {
    PipelineFolder folder = PipelineFolder.write(variant, parent);
    Path part = folder.path().resolve("text_encoder");
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        PipelineReference expected = folder.reference();
        LoadedWeights weights =
            new LoadedWeights(Safetensors.open(part.resolve("model.safetensors")), Compute.EXACT)) {
      T5Encoder encoder = new T5Encoder(
          T5Encoder.T5Config.of(ModelConfig.read(part.resolve("config.json"))),
          Weights.of(weights));
      Closeness.assertWithinSpread(
          1e-4,
          expected.tensor("t5.output"),
          encoder.forward(expected.tensor("t5.ids"), expected.tensor("t5.counts")),
          variant);
    }
  }

  @Test
  void hasTheDefaultsOfDiffusersPipelines(@TempDir Path parent) {
    RgbImage image = RgbImage.of(8, 8, new byte[3 * 8 * 8]);
    ImageRequest request = ImageRequest.of("a hat");
    try (BaseModel base =
        BaseModel.open(PipelineFolder.write("chroma/wide", parent).path(), Compute.EXACT)) {
      assertEquals(
          new GenerationDefaults(35, 5, 512, 512, 0.9, 0.6, 0),
          EngineAccess.model(base).defaults(request));
      assertEquals(
          new GenerationDefaults(28, 7, 512, 512, 0.9, 0.6, 0),
          EngineAccess.model(base)
              .defaults(request.initialImage(InitialImage.of(image).mask(image))));
    }
  }
}
