package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.Conditioning;
import dev.likeness.diffusion.internal.pipeline.Engine;
import dev.likeness.diffusion.internal.pipeline.LatentCodec;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.training.PersonToken;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Generates images of the person with the current weights of a training.
 *
 * @param request the request for the images, with {@code %s} in the prompt for the person
 */
record CurrentImages(BaseModel base, PersonToken person, ImageRequest request) {
  /**
   * Encodes the prompts, for images that are generated after the text encoders were freed.
   *
   * @param region the region that keeps the encodings
   */
  Conditioning encodePrompts(TensorRegion region) {
    Engine engine = EngineAccess.engine(base);
    return engine.use().callWhileOpen(() -> engine.pipeline().encode(named(), region));
  }

  /**
   * Generates the images.
   *
   * @param encoded the encoded prompts, or null to encode them with the current text encoders
   */
  List<RgbImage> generate(
      @Nullable Conditioning encoded,
      TrainableNetworks networks,
      Function<String, Tensor> values,
      Cancellation stop) {
    try (TensorRegion now = new TensorRegion()) {
      ImageRequest current =
          named().adapter(networks.adapterFor(values, now)).adapter(TrainableNetworks.AS_LOADED);
      return encoded == null
          ? base.generateAll(current, Run.of(stop)).stream()
              .map(GeneratedImage::image)
              .toList()
          : generate(current, encoded, stop);
    }
  }

  private List<RgbImage> generate(ImageRequest current, Conditioning encoded, Cancellation stop) {
    Engine engine = EngineAccess.engine(base);
    return engine
        .use()
        .callWhileOpen(
            List.of(current),
            () -> engine.pipeline().generate(current, encoded, Run.of(stop)).stream()
                .map(LatentCodec.Result::image)
                .toList());
  }

  private ImageRequest named() {
    return request.prompt(request.prompt().replace("%s", person.phrase()));
  }
}
