package dev.likeness.cli.command;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The numbers of a run as a safetensors file: {@code latents} before decoding and {@code images}
 * before rounding.
 */
final class RunTensors {
  private RunTensors() {}

  static void write(Path file, BaseModel model, List<GeneratedImage> images) {
    int width = images.get(0).picture().width();
    int height = images.get(0).picture().height();
    int factor = model.parts().autoencoder().factor();
    try (TensorScope scope = TensorScope.open()) {
      Tensor latents =
          stack(images, image -> image.latents().values(), height / factor, width / factor);
      Tensor pixels = stack(images, GeneratedImage::pixels, height, width);
      SafetensorsWriter.write(
          file, Map.of("latents", latents, "images", pixels), Map.of("format", "pt"));
    }
  }

  private static Tensor stack(
      List<GeneratedImage> images, Function<GeneratedImage, float[]> values, long h, long w) {
    TensorVector rows = new TensorVector();
    for (GeneratedImage image : images) {
      rows.push_back(torch.tensor(values.apply(image)).view(-1, h, w));
    }
    return torch.stack(rows);
  }
}
