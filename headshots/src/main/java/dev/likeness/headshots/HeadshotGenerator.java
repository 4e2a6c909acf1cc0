package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.style.Style;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Draws what a shoot asks for: style by style, and larger than the base draws at once where that is
 * asked.
 */
record HeadshotGenerator(BaseModel base, Identity person, ShootRequest request, Upscaler upscaler) {
  /** The shoot; {@code each} hears of its headshots as they are drawn. */
  Shoot generate(Consumer<Headshot> each, Progress progress, Cancellation cancellation) {
    request.requireCompatible(base);
    if (needsUpscaling()) {
      Inpainting.WholeImage.require(
          List.of(person.at(request.likeness())), "an image of " + request.size() + " pixels");
    }
    List<Headshot> headshots = new ArrayList<>();
    for (Style style : request.styles()) {
      for (int i = 0; i < request.count(); i++) {
        ImageRequest ask =
            imageRequest(style, request.variant() + i).seed(request.seed() + headshots.size());
        GeneratedImage image = base.generate(ask, progress, cancellation).get(0);
        headshots.add(new Headshot(
            style.convertColours(resize(image, progress, cancellation)),
            style,
            image.seed(),
            image.request(),
            request.likeness()));
        each.accept(headshots.get(headshots.size() - 1));
      }
    }
    return new Shoot(request, headshots);
  }

  private RgbImage resize(GeneratedImage image, Progress progress, Cancellation cancellation) {
    return needsUpscaling()
        ? TiledUpscale.upscale(
            base,
            image.request(),
            image.image(),
            request.size(),
            request.size(),
            upscaler,
            progress,
            cancellation)
        : image.image();
  }

  /** Whether the images are larger than the base draws at once. */
  private boolean needsUpscaling() {
    return TiledUpscale.isNeeded(base, request.size());
  }

  private ImageRequest imageRequest(Style style, int index) {
    int size = needsUpscaling() ? base.defaults().width() : request.size();
    String prompt = base.unwrap(ModelExtras.class).photographs()
        ? style.photographicPrompt(person.phrase(), index)
        : style.prompt(person.phrase(), index);
    return ShootRequest.withGuidance(request.imageRequest(prompt, style), base)
        .negative(PersonRecord.SharedLight.of(person).negativePrompt(style.negative(), prompt))
        .size(size, size)
        .adapter(person.at(request.likeness()));
  }
}
