package dev.likeness.portrait.training;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Safetensors;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * The program that made {@code gaze.json}, by which headshots' gaze is scored: renders people who are in no other set and
 * trains on where their eyes look.
 *
 * <p>Arguments: {@code WORK-FOLDER SEED PEOPLE STEPS}.
 */
public final class TrainGaze {
  /** Seeds of these people are used for nothing else. */
  private static final long FIRST_PERSON = 750_000_000L;
  private static final int DIGITS = 4;

  private TrainGaze() {}

  public static void main(String[] args) throws IOException {
    if (args.length != 4) {
      throw new IllegalArgumentException("usage: TrainGaze WORK-FOLDER SEED PEOPLE STEPS");
    }
    Path work = Files.createDirectories(Path.of(args[0]));
    Path state = work.resolve("gaze-state.safetensors");
    int people = Integer.parseInt(args[2]);
    try (GazeTraining training = new GazeTraining(FIRST_PERSON, people, Long.parseLong(args[1]), done -> {
      if (done % 100 == 0 || done == people) {
        System.err.printf(Locale.ROOT, "render %d/%d%n", done, people);
      }
    })) {
      training.run(state, Integer.parseInt(args[3]));
    }
    Files.writeString(work.resolve("gaze.json"), JSON.std.asString(averaged(state)).replace("],", "],\n ") + "\n");
  }

  /** The averaged weights, rounded. */
  private static Map<String, List<BigDecimal>> averaged(Path state) {
    Map<String, List<BigDecimal>> weights = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open(); Safetensors saved = Safetensors.open(state)) {
      saved.names().stream().filter(name -> name.startsWith("ema.")).sorted()
          .forEach(name -> weights.put(name.substring("ema.".length()), rounded(saved.read(name))));
    }
    return weights;
  }

  private static List<BigDecimal> rounded(Tensor tensor) {
    FloatBuffer values = tensor.contiguous().createBuffer();
    List<BigDecimal> list = new ArrayList<>();
    for (long i = 0; i < tensor.numel(); i++) {
      list.add(BigDecimal.valueOf(values.get()).setScale(DIGITS, RoundingMode.HALF_EVEN).stripTrailingZeros());
    }
    return list;
  }
}
