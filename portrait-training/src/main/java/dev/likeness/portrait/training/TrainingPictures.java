package dev.likeness.portrait.training;

import dev.likeness.diffusion.image.Picture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The pictures that a model folder of {@link TrainPortrait} was trained on, drawn again by what its header tells. */
public final class TrainingPictures {
  private static final Pattern RUN = Pattern.compile("seed=(\\d+)[^,]*?pictures=(\\d+)");

  private final List<PortraitRenders> runs = new ArrayList<>();
  private final List<Integer> counts = new ArrayList<>();

  private TrainingPictures() {}

  /** Those of every run that the weights in {@code folder} tell of; none where they tell of none. */
  public static TrainingPictures of(Path folder) {
    TrainingPictures pictures = new TrainingPictures();
    Matcher run = RUN.matcher(made(folder));
    while (run.find()) {
      pictures.runs.add(new PortraitRenders(Long.parseLong(run.group(1))));
      pictures.counts.add(Integer.parseInt(run.group(2)));
    }
    return pictures;
  }

  /** How the weights in {@code folder} came to be, by their own header. */
  public static String made(Path folder) {
    return FirstWeights.made(folder);
  }

  /** How many there are. */
  public int count() {
    return counts.stream().mapToInt(Integer::intValue).sum();
  }

  /** Picture {@code index}; those of the last run come first. */
  public Picture picture(int index) {
    int left = index;
    for (int run = 0; run < runs.size(); left -= counts.get(run++)) {
      if (left < counts.get(run)) {
        return runs.get(run).picture(left);
      }
    }
    throw new IndexOutOfBoundsException(index + " of " + count() + " training pictures");
  }
}
