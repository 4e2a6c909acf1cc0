package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.Picture;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The pictures that a model folder of {@link TrainPortrait} was trained on, drawn again by what its header tells. */
public final class TrainingPictures {
  private static final Pattern RUN = Pattern.compile("seed=(\\d+).*?pictures=(\\d+)");

  /** How many pictures of each seed. */
  private final Map<Long, Integer> runs = new LinkedHashMap<>();

  private TrainingPictures() {}

  /** Those of every run that the weights in {@code folder} tell of; none where they tell of none. */
  public static TrainingPictures of(Path folder) {
    TrainingPictures pictures = new TrainingPictures();
    Matcher run = RUN.matcher(made(folder));
    while (run.find()) {
      pictures.runs.merge(Long.parseLong(run.group(1)), Integer.parseInt(run.group(2)), Math::max);
    }
    return pictures;
  }

  /** How the weights in {@code folder} came to be, by their own header. */
  public static String made(Path folder) {
    return FirstWeights.made(folder);
  }

  /** How many there are. */
  public int count() {
    return runs.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** Picture {@code index}; those of the last run come first. */
  public Picture picture(int index) {
    int left = index;
    for (Map.Entry<Long, Integer> run : runs.entrySet()) {
      if (left < run.getValue()) {
        return new PortraitRenders(run.getKey()).picture(left);
      }
      left -= run.getValue();
    }
    throw new IndexOutOfBoundsException(index + " of " + count() + " training pictures");
  }
}
