package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.portrait.people.Renderer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The images that a model folder of {@link TrainPortrait} was trained on, drawn again by what its
 * header tells.
 */
public final class TrainingPictures {
  // Weights that were trained before images were called so say "pictures".
  private static final Pattern RUN = Pattern.compile(
      "seed=(\\d+),?(?: edition=(\\d+))? .*?(?:images|pictures)=(\\d+)(?: candidates=(\\d+))?");
  /** What readers learnt from, which the model never saw. */
  private static final Pattern READERS = Pattern.compile("\\{[^}]*}");

  /** How many images of each run. */
  private final Map<PortraitRenders, Integer> runs = new LinkedHashMap<>();

  private TrainingPictures() {}

  /**
   * Those of every run that the weights in {@code folder} tell of, as this {@link Renderer#EDITION}
   * draws them; runs that say that they learnt from those of another are left out. None where they
   * tell of none.
   */
  public static TrainingPictures of(Path folder) {
    TrainingPictures images = new TrainingPictures();
    Map<String, Integer> counts = new LinkedHashMap<>();
    Matcher run = RUN.matcher(READERS.matcher(FirstWeights.made(folder)).replaceAll(""));
    while (run.find()) {
      if (run.group(2) == null || Integer.parseInt(run.group(2)) == Renderer.EDITION) {
        String candidates = run.group(4) == null ? "1" : run.group(4);
        counts.merge(run.group(1) + " " + candidates, Integer.parseInt(run.group(3)), Math::max);
      }
    }
    counts.forEach((of, count) -> images.runs.put(renders(of.split(" ")), count));
    return images;
  }

  private static PortraitRenders renders(String[] of) {
    return new PortraitRenders(Long.parseLong(of[0])).chosenOf(Integer.parseInt(of[1]));
  }

  /** How many there are. */
  public int count() {
    return runs.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Image {@code index}; those of the last run come first. */
  public RgbImage image(int index) {
    int left = index;
    for (Map.Entry<PortraitRenders, Integer> run : runs.entrySet()) {
      if (left < run.getValue()) {
        return run.getKey().image(left);
      }
      left -= run.getValue();
    }
    throw new IndexOutOfBoundsException(index + " of " + count() + " training images");
  }
}
