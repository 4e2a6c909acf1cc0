package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.AutoencoderKL;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The trained autoencoder with latents that suit diffusion: every channel has mean zero, and
 * spreads lie closer together (each is divided by its own square root), so that no channel drowns
 * in the noise that another needs. The 1x1 convolutions around the latents take the change up;
 * images stay what they were.
 */
final class EvenLatents {
  private static final int IMAGES = 128;

  private EvenLatents() {}

  /**
   * Writes the slow average of a training state's weights, in f32, with its latents evened over
   * some renders.
   */
  static void write(Path state, RenderStore renders, Path file) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        LoadedWeights weights = new LoadedWeights(TrainingLoop.average(state), Compute.EXACT);
        Safetensors saved = Safetensors.open(state)) {
      Tensor latents = latents(
          new AutoencoderKL(Architecture.autoencoderConfig(1), Weights.of(weights)), renders);
      Tensor mean = latents.mean(0);
      Tensor spread = latents.sub(mean).square().mean(0).sqrt().sqrt();
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      saved.names().stream()
          .filter(n -> n.startsWith("ema."))
          .forEach(n -> tensors.put(n.substring(4), saved.read(n).clone()));
      even(tensors, mean, spread);
      SafetensorsWriter.write(file, tensors, Map.of());
    }
  }

  private static void even(Map<String, Tensor> tensors, Tensor mean, Tensor spread) {
    long n = mean.size(0);
    Tensor factors = torch.cat(new TensorVector(spread, torch.ones(n)), 0);
    tensors.get("quant_conv.weight").div_(factors.view(-1, 1, 1, 1));
    Tensor bias = tensors.get("quant_conv.bias");
    bias.narrow(0, 0, n).sub_(mean).div_(spread);
    bias.narrow(0, n, n).sub_(spread.log().mul(new Scalar(2.0)));
    Tensor post = tensors.get("post_quant_conv.weight");
    tensors.get("post_quant_conv.bias").add_(post.view(n, n).mv(mean));
    post.mul_(spread.view(1, -1, 1, 1));
  }

  /** Latents of some renders, [positions, channels]. */
  private static Tensor latents(AutoencoderKL autoencoder, RenderStore renders) {
    TensorVector all = new TensorVector();
    int count = Math.min(IMAGES, renders.size());
    for (int i = 0; i < count; i++) {
      try (TensorScope scope = TensorScope.open()) {
        Tensor mean = autoencoder
            .encode(ImageTensors.toSigned(renders.image(i * (renders.size() / count))))
            .mean();
        all.push_back(
            scope.promote(mean.permute(0, 2, 3, 1).reshape(-1, mean.size(1)).contiguous()));
      }
    }
    return torch.cat(all, 0);
  }
}
