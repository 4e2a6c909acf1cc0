package dev.likeness.portrait.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.Tensors;
import java.util.List;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Latents of images as a decoder will get them: every second image's as they are, the others noised
 * a little and guessed at by the model, which leaves out what it cannot foretell, as it does when
 * it draws.
 */
final class DrawnLatents {
  private static final double LEAST_NOISE = 0.05;
  private static final double MOST_NOISE = 0.35;

  private final StableDiffusionNetworks model;
  private final UNetGuesses unet;
  private final RenderStore store;
  private final PeopleRenders renders;

  DrawnLatents(BaseModel base, RenderStore store, PeopleRenders renders) {
    this.model = EngineAccess.model(base).networks(StableDiffusionNetworks.class);
    this.unet = new UNetGuesses(model);
    this.store = store;
    this.renders = renders;
  }

  /** Of the image with this number, [1, c, h, w], f32, on the scale of the network. */
  Tensor of(int image) {
    Tensor clean = model
        .autoencoder()
        .encode(Tensors.place(model.compute(), ImageTensors.toSigned(store.image(image))))
        .mode()
        .to(ScalarType.Float);
    return image % 2 == 0 ? clean : guess(clean, image);
  }

  private Tensor guess(Tensor clean, int image) {
    double way = LEAST_NOISE + (MOST_NOISE - LEAST_NOISE) * new Random(image).nextDouble();
    int[] timestep = {(int) (way * unet.timesteps())};
    return unet.of(clean, timestep, List.of(renders.caption(image)), image);
  }
}
