package dev.likeness.portrait.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.photos.embed.FaceEmbedder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.function.IntConsumer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What a {@link LatentEye} learns from, in one safetensors file: the latents of images of people
 * (f16, [n, 8, 32, 32], of unit spread), as a base guesses them that was told the caption and shown
 * the latents noised to somewhere between a fifth and all of the way ({@code guesses}), where the
 * faces are (f32, [n, 2, 3]), and what an embedder sees in them (f32, [n, numbers]).
 */
final class PeopleLatents {
  private static final int BLOCK = 16;
  private static final double LEAST_NOISE = 0.2;

  private final StableDiffusionNetworks model;
  private final UNetGuesses unet;
  private final RenderStore store;
  private final PeopleRenders renders;
  private final FaceEmbedder eye;

  PeopleLatents(BaseModel base, RenderStore store, PeopleRenders renders, FaceEmbedder eye) {
    this.model = EngineAccess.model(base).networks(StableDiffusionNetworks.class);
    this.unet = new UNetGuesses(model);
    this.store = store;
    this.renders = renders;
    this.eye = eye;
  }

  /** Writes what is known of the first {@code count} images. */
  void write(Path file, int count, IntConsumer progress) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      TensorVector latents = new TensorVector();
      TensorVector guesses = new TensorVector();
      for (int from = 0; from < count; from += BLOCK) {
        int size = Math.min(BLOCK, count - from);
        try (TensorScope step = TensorScope.open()) {
          Tensor clean = encoded(from, size);
          latents.push_back(step.promote(clean.to(ScalarType.Half)));
          guesses.push_back(step.promote(guess(clean, from).to(ScalarType.Half)));
        }
        progress.accept(from + size);
      }
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put("latents", torch.cat(latents, 0));
      tensors.put("guesses", torch.cat(guesses, 0));
      tensors.put(
          "places", rows(count, i -> LatentEye.place(renders.landmarks(i))).view(count, 2, 3));
      tensors.put("seen", rows(count, i -> eye.embed(store.image(i), renders.face(i))));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
  }

  private Tensor encoded(int from, int count) {
    TensorVector images = new TensorVector();
    IntStream.range(from, from + count)
        .forEach(i -> images.push_back(ImageTensors.toSigned(store.image(i))));
    return model
        .autoencoder()
        .encode(Tensors.place(model.compute(), torch.cat(images, 0)))
        .mode()
        .to(ScalarType.Float);
  }

  private Tensor guess(Tensor clean, int from) {
    int count = (int) clean.size(0);
    Random random = new Random(from);
    int length = unet.timesteps();
    int[] timesteps = IntStream.range(0, count)
        .map(i ->
            (int) ((LEAST_NOISE + (1 - LEAST_NOISE) * (i + random.nextDouble()) / count) * length))
        .toArray();
    return unet.of(
        clean,
        timesteps,
        IntStream.range(from, from + count)
            .mapToObj(renders::captionBesideReference)
            .toList(),
        from);
  }

  /** One row of {@code seen}. */
  static float[] row(Tensor seen, int image) {
    try (TensorScope scope = TensorScope.open()) {
      return ImageTensors.floats(seen.select(0, image));
    }
  }

  private static Tensor rows(int count, IntFunction<float[]> of) {
    float[][] rows = IntStream.range(0, count).mapToObj(of).toArray(float[][]::new);
    float[] all = new float[count * rows[0].length];
    for (int i = 0; i < count; i++) {
      System.arraycopy(rows[i], 0, all, i * rows[0].length, rows[0].length);
    }
    return torch.tensor(all).view(count, rows[0].length);
  }
}
