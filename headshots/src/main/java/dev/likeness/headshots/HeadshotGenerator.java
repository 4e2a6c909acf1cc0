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
record HeadshotGenerator(BaseModel base, Identity person, ShootRequest request, Upscaler enlarger) {
  /** The shoot; {@code each} hears of its headshots as they are drawn. */
  Shoot run(Consumer<Headshot> each, Progress progress, Cancellation cancellation) {
    request.requireFor(base);
    if (grows()) {
      Inpainting.WholePicture.require(
          List.of(person.at(request.likeness())), "a picture of " + request.size() + " pixels");
    }
    List<Headshot> headshots = new ArrayList<>();
    for (Style style : request.styles()) {
      for (int i = 0; i < request.count(); i++) {
        ImageRequest ask =
            ask(style, request.variant() + i).seed(request.seed() + headshots.size());
        GeneratedImage image = base.generate(ask, progress, cancellation).get(0);
        headshots.add(new Headshot(
            style.developed(sized(image, progress, cancellation)),
            style,
            image.seed(),
            image.request(),
            request.likeness()));
        each.accept(headshots.get(headshots.size() - 1));
      }
    }
    return new Shoot(request, headshots);
  }

  private RgbImage sized(GeneratedImage image, Progress progress, Cancellation cancellation) {
    return grows()
        ? TiledUpscale.of(
            base,
            image.request(),
            image.picture(),
            request.size(),
            request.size(),
            enlarger,
            progress,
            cancellation)
        : image.picture();
  }

  /** Whether the pictures are larger than the base draws at once. */
  private boolean grows() {
    return TiledUpscale.grows(base, request.size());
  }

  private ImageRequest ask(Style style, int index) {
    int size = grows() ? base.defaults().width() : request.size();
    String prompt = base.unwrap(ModelExtras.class).photographs()
        ? style.photographicPrompt(person.phrase(), index)
        : style.prompt(person.phrase(), index);
    return ShootRequest.guided(request.drawing(prompt, style), base)
        .negative(PersonRecord.SharedLight.of(person).negative(style.negative(), prompt))
        .size(size, size)
        .as(person.at(request.likeness()));
  }
}
