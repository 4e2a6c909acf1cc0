package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Samples in progress, each at its own timestep, sampled as {@code TCDScheduler} does with
 * {@link Architecture#ETA}: the predicted x0 is noised to the next level with a part of the noise
 * that it was predicted from, and fresh noise. A finished sample is replaced by another caption: of
 * some random ones, the one that asks for most attributes that the model generates badly.
 */
final class SamplePool implements AutoCloseable {
  /** Sampling steps of a sample. */
  static final int STEPS = 20;

  private static final int CANDIDATES = 6;

  /**
   * One sample: its image and caption, the attributes that the caption asks for, and the number of
   * finished steps.
   */
  private record Slot(
      int image, int caption, Map<Attribute, Set<String>> asked, int at, int steps) {
    boolean finished() {
      return at == steps;
    }

    int timestep(int levels) {
      return levels - 1 - at * levels / steps;
    }

    Slot next() {
      return new Slot(image, caption, asked, at + 1, steps);
    }

    int hard() {
      return HardWords.asked(asked);
    }
  }

  private final LatentSet data;
  private final PortraitRenders known;
  private final Slot[] slots;
  private TensorRegion region = new TensorRegion();
  private Tensor latents;

  SamplePool(LatentSet data, PortraitRenders known, int count) {
    this.data = data;
    this.known = known;
    slots = new Slot[count];
  }

  /**
   * Begins all anew. First drawings have from one to {@link #STEPS} steps, one slot more than the
   * last, and all later ones {@link #STEPS}, so that soon all levels are under way at once.
   */
  void restart(Random random, NoiseSource noise) {
    Arrays.setAll(slots, i -> begun(random, 1 + i * STEPS / slots.length));
    keep(TrainingDevice.noise(
        noise,
        slots.length,
        Architecture.LATENT_CHANNELS,
        Architecture.LATENT,
        Architecture.LATENT));
  }

  private Slot begun(Random random, int steps) {
    return IntStream.range(0, CANDIDATES)
        .mapToObj(i -> drawn(random, steps))
        .max(Comparator.comparingInt(Slot::hard))
        .orElseThrow();
  }

  private Slot drawn(Random random, int steps) {
    int image = random.nextInt((int) data.size());
    int caption = random.nextInt(data.captions());
    return new Slot(image, caption, Asked.of(known.captions(image).get(caption)), 0, steps);
  }

  /** The noised latents, [n, c, h, w], f32, or null before they began. */
  Tensor latents() {
    return latents;
  }

  /** How far each is noised. */
  int[] timesteps(DiffusionObjective objective) {
    int levels = objective.schedule().length();
    return Arrays.stream(slots).mapToInt(slot -> slot.timestep(levels)).toArray();
  }

  /** What each is asked for. */
  List<Map<Attribute, Set<String>>> asked() {
    return Arrays.stream(slots).map(Slot::asked).toList();
  }

  /** Ids of the captions, [n, 77]. */
  Tensor tokens() {
    TensorVector ids = new TensorVector();
    for (Slot slot : slots) {
      ids.push_back(data.caption(slot.image, slot.caption));
    }
    return torch.cat(ids, 0);
  }

  /** Goes a step on from guesses at the whole images, [n, c, h, w]. */
  void advance(Tensor guesses, DiffusionObjective objective, Random random, NoiseSource noise) {
    Tensor fresh = TrainingDevice.noise(
        noise, slots.length, guesses.size(1), guesses.size(2), guesses.size(3));
    Tensor left = objective.noise(guesses, latents, timesteps(objective));
    for (int i = 0; i < slots.length; i++) {
      Slot next = slots[i].next();
      slots[i] = next.finished() ? begun(random, STEPS) : next;
    }
    int[] timesteps = timesteps(objective);
    Tensor kept = kept(objective.schedule(), timesteps);
    Tensor mixed =
        left.mul(kept).add(fresh.mul(kept.square().neg().add(new Scalar(1)).sqrt()));
    Tensor noised = objective.addNoise(guesses, mixed, timesteps);
    Tensor steps =
        TrainingDevice.placed(Arrays.stream(slots).mapToInt(Slot::at).toArray()).view(-1, 1, 1, 1);
    keep(torch.where(steps.gt(new Scalar(0)), noised, fresh));
  }

  /**
   * How much of a unit of noise stays where it is noised from a step below, (1 - eta) t, up to t:
   * [n, 1, 1, 1], f32.
   */
  private static Tensor kept(NoiseSchedule schedule, int[] timesteps) {
    float[] kept = new float[timesteps.length];
    for (int i = 0; i < kept.length; i++) {
      NoiseLevel below = schedule.level((int) Math.floor((1 - Architecture.ETA) * timesteps[i]));
      NoiseLevel next = schedule.level(timesteps[i]);
      kept[i] = (float) (next.alpha() / below.alpha() * below.sigma() / next.sigma());
    }
    return TrainingDevice.placed(torch.tensor(kept)).view(-1, 1, 1, 1);
  }

  private void keep(Tensor of) {
    TensorRegion next = new TensorRegion();
    latents = next.keep(of);
    region.close();
    region = next;
  }

  @Override
  public void close() {
    region.close();
  }
}
