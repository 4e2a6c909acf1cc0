package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.family.flux.FluxConfig;
import dev.likeness.diffusion.internal.family.flux.FluxTransformer2DModel;
import dev.likeness.diffusion.internal.family.sd3.Sd3Config;
import dev.likeness.diffusion.internal.family.sd3.Sd3Transformer2DModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.nn.unet.UNetOptions;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Merged tokens beside tomesd's, and the first-block cache beside diffusers'. */
@ExtendWith(NoTensorLeaks.class)
class CachingParityTest {
  @TempDir
  private Path scratch;

  static List<GoldenImages.Run> merged() {
    return GoldenImages.runs("approximated").stream()
        .filter(run -> run.text("kind").equals("merged"))
        .toList();
  }

  static List<GoldenImages.Run> cached() {
    return GoldenImages.runs("approximated").stream()
        .filter(run -> run.text("kind").equals("cached"))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("merged")
  void mergesTokensAsTomesdDoes(GoldenImages.Run run) {
    String name = run.text("folder").substring(run.text("folder").indexOf('/') + 1);
    GoldenFolder folder = GoldenFolder.write(name, GoldenFolder.KeyFormat.CURRENT, scratch);
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        GoldenImages golden = GoldenImages.open("approximated", scratch);
        GoldenComponent part =
            GoldenComponent.open(folder, "unet", "diffusion_pytorch_model.safetensors")) {
      UNet2DConditionModel unet = new UNet2DConditionModel(
          UNetConfig.of(part.config()),
          new UNetOptions(run.number("share", 0), null),
          part.weights());
      boolean sizes = run.text("folder").startsWith("sdxl");
      UNetConditioning told = new UNetConditioning(
          golden.tensor(key(run, "text")),
          sizes ? golden.tensor(key(run, "text_embeds")) : null,
          sizes ? golden.tensor(key(run, "time_ids")) : null);
      Tensor output =
          unet.forward(golden.tensor(key(run, "sample")), torch.tensor(521).reshape(1), told);
      Closeness.assertWithinSpread(1e-4, golden.tensor(key(run, "output")), output, run.toString());
    }
  }

  @ParameterizedTest
  @MethodSource("cached")
  void evaluatesOnlyTheFirstBlockWhereDiffusersDoes(GoldenImages.Run run) {
    Path part = PipelineFolder.write(run.text("folder"), scratch).path().resolve("transformer");
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true);
        GoldenImages golden = GoldenImages.open("approximated", scratch);
        LoadedWeights weights = new LoadedWeights(
            Safetensors.open(part.resolve("diffusion_pytorch_model.safetensors")), Compute.EXACT)) {
      ModelConfig config = ModelConfig.read(part.resolve("config.json"));
      FirstBlockCache cache = new FirstBlockCache(run.number("threshold", 0));
      UnaryOperator<Tensor> net = run.text("folder").startsWith("flux")
          ? flux(FluxConfig.of(config), weights, golden, run, cache)
          : sd3(Sd3Config.of(config), weights, golden, run, cache);
      float[] ways = ImageTensors.floats(golden.tensor(key(run, "ways")));
      for (int i = 0; i < ways.length; i++) {
        Tensor image = torch.lerp(
            golden.tensor(key(run, "first")), golden.tensor(key(run, "other")), new Scalar((double)
                ways[i]));
        Closeness.assertWithinSpread(
            1e-4,
            golden.tensor(key(run, "output")).select(0, i),
            net.apply(image),
            run + ", call " + i);
      }
      assertTrue(
          cache.skippedCalls() > 0 && cache.skippedCalls() < ways.length - 1,
          cache.skippedCalls() + " of " + ways.length);
    }
  }

  private static UnaryOperator<Tensor> flux(
      FluxConfig config,
      LoadedWeights weights,
      GoldenImages golden,
      GoldenImages.Run run,
      FirstBlockCache cache) {
    FluxTransformer2DModel net = new FluxTransformer2DModel(config, Weights.of(weights));
    Tensor text = golden.tensor(key(run, "text"));
    FluxTransformer2DModel.Inputs told = new FluxTransformer2DModel.Inputs(
        text, golden.tensor(key(run, "pooled")), torch.tensor(new float[] {3.5f}));
    Tensor places = torch.cat(
        new TensorVector(torch.zeros(text.size(1), 3), LatentPacking.positions(6, 4, 0)), 0);
    return image -> net.forward(
        image,
        torch.tensor(new float[] {0.5f}),
        told,
        RotaryEmbedding.of(places, config.axes()),
        List.of(),
        cache);
  }

  private static UnaryOperator<Tensor> sd3(
      Sd3Config config,
      LoadedWeights weights,
      GoldenImages golden,
      GoldenImages.Run run,
      FirstBlockCache cache) {
    Sd3Transformer2DModel net = new Sd3Transformer2DModel(config, Weights.of(weights));
    Tensor text = golden.tensor(key(run, "text"));
    Tensor pooled = golden.tensor(key(run, "pooled"));
    return image ->
        net.forward(image, torch.tensor(new float[] {500}), text, pooled, Set.of(), cache);
  }

  private static String key(GoldenImages.Run run, String name) {
    return "run" + run.index() + "." + name;
  }
}
