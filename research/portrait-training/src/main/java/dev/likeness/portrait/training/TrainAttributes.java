package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.portrait.attributes.AttributeReader;
import dev.likeness.portrait.attributes.RenderTrial;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The program that made the classifier by which prompts are read back from images: renders people
 * who are in no other set, trains on them, writes {@code attributes.safetensors}, and says how
 * often it is right about people it never saw. It knows nothing of the model that draws. Every
 * stage goes on where it was stopped.
 *
 * <p>Arguments: {@code WORK-FOLDER COMMIT SEED PICTURES STEPS [BATCH [CANDIDATES]]}, the batch a
 * multiple of 4. Of so many candidates, 1 unless given, each image shows whom most that is rare can
 * be said of ({@link HardWords}): colours of light are in one render of twenty, too few to tell
 * eight of them apart by.
 */
public final class TrainAttributes {
  /** Seeds of these people are used for nothing else; each seed of a run has as many of its own. */
  private static final long FIRST_PERSON = 700_000_001L;

  private static final long PEOPLE_PER_SEED = 40_000;
  private static final long SEEDS = 1000;
  private static final int TRIAL = 600;
  private static final int BATCH = 32;

  private TrainAttributes() {}

  public static void main(String[] args) {
    Usage.require(
        args, 5, 7, "TrainAttributes WORK-FOLDER COMMIT SEED PICTURES STEPS [BATCH [CANDIDATES]]");
    Path work = Path.of(args[0]);
    long seed = Long.parseLong(args[2]);
    int images = Integer.parseInt(args[3]);
    int batch = args.length > 5 ? Integer.parseInt(args[5]) : BATCH;
    int candidates = args.length > 6 ? Integer.parseInt(args[6]) : 1;
    AttributeTraining.requireShares(batch);
    requirePeople(seed, images, candidates);
    PortraitRenders known = renders(seed).chosenOf(candidates);
    RenderStore store = new RenderStore(work.resolve("renders"));
    WorkStamp.require(work, "seed", seed, store.size() > 0);
    WorkStamp.require(
        work, "candidates", HardWords.choice(candidates), candidates > 1 && store.size() > 0);
    store.fill(images, known::image, ProgressOutput.of("render", images));
    Path state = work.resolve("attributes-state.safetensors");
    new AttributeTraining(store, known, images, batch, seed).run(state, Integer.parseInt(args[4]));
    Path file = work.resolve("attributes.safetensors");
    write(
        state,
        file,
        Map.of(
            "commit",
            args[1],
            "format",
            "pt",
            "numbers",
            "seed=" + seed + " images=" + images + " candidates=" + candidates + " steps=" + args[4]
                + " batch=" + batch));
    try (AttributeReader reader = AttributeReader.open(file)) {
      System.err.print(RenderTrial.of(reader, TRIAL));
    }
  }

  /**
   * Refuses a seed and a number of images, each of so many {@code candidates}, whose people would
   * be another seed's, or used for something else.
   */
  public static void requirePeople(long seed, int images, int candidates) {
    if (seed < 1 || seed > SEEDS || (long) images * candidates > PEOPLE_PER_SEED) {
      throw new IllegalArgumentException("a classifier learns from up to " + PEOPLE_PER_SEED
          + " people of a seed of 1 to " + SEEDS + ", given " + (long) images * candidates
          + " of " + seed + ": the people of others are used for something else");
    }
  }

  /** The images of {@code seed}, whose people are in those of no other. */
  static PortraitRenders renders(long seed) {
    return new PortraitRenders(FIRST_PERSON + (seed - 1) * PEOPLE_PER_SEED);
  }

  /** The averaged weights of {@code state} in bf16. */
  static void write(Path state, Path file, Map<String, String> made) {
    try (TensorScope scope = TensorScope.open();
        Safetensors saved = Safetensors.open(state)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      saved.names().stream()
          .filter(name -> name.startsWith("ema.") && AttributeTraining.isNetworks(name))
          .forEach(name -> tensors.put(
              name.substring("ema.".length()), saved.read(name).to(ScalarType.BFloat16)));
      SafetensorsWriter.write(file, tensors, made);
    }
  }
}
