package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.cpu.InputRange;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The layers of a network whose products are in eight bits, with the ranges of their inputs. Other
 * layers keep the type of the network.
 *
 * <p>The file is a safetensors file with the metadata {@value #FORMAT}. It has an f32 tensor for
 * each layer, under the canonical name of its weight: the lower and the upper end of the range,
 * followed by the divisors of the input channels, if there are any.
 *
 * @param ranges by canonical names of weights
 */
public record Calibration(Map<String, InputRange> ranges) {
  /** The name of the file in the folder of a base. */
  public static final String FILE = "eight-bits.safetensors";

  private static final String FORMAT = "likeness.calibration";
  private static final String VERSION = "1";

  /** The elements before the divisors. */
  private static final int ENDS = 2;

  /**
   * What is known, or to be found out, about the inputs of a network's layers.
   *
   * @param calibration their ranges, for products in eight bits
   * @param observer receives the inputs
   */
  public record LayerInputs(
      Optional<Calibration> calibration, Optional<LayerWeight.Observed.Observer> observer) {
    /** Nothing. */
    public static final LayerInputs NONE = new LayerInputs(Optional.empty(), Optional.empty());
  }

  /** Returns true if a safetensors file with this metadata is a calibration, of any version. */
  public static boolean isOne(Map<String, String> metadata) {
    return metadata.containsKey(FORMAT);
  }

  /** Returns the file that belongs to a base in a single file. */
  public static Path beside(Path base) {
    String name = base.getFileName().toString();
    int dot = name.lastIndexOf('.');
    return base.resolveSibling((dot < 1 ? name : name.substring(0, dot)) + "." + FILE);
  }

  /**
   * Reads a file.
   *
   * @param network the tensors of the network that it was made for
   * @throws InvalidInputException if the file is broken, is no such file, or is for another network
   */
  public static Calibration read(Path file, TensorNames network) {
    try (TensorScope scope = TensorScope.open();
        Safetensors tensors = Safetensors.open(file)) {
      if (!VERSION.equals(tensors.metadata().get(FORMAT))) {
        throw new InvalidInputException(
            file + " is not a calibration of 8-bit products; make one with likeness calibrate");
      }
      Map<String, InputRange> ranges = new TreeMap<>();
      for (String name : tensors.header().names()) {
        ranges.put(name, range(file, tensors, name, network));
      }
      return new Calibration(ranges);
    }
  }

  private static InputRange range(
      Path file, Safetensors tensors, String name, TensorNames network) {
    long[] weight = network.has(name) ? network.shape(name) : new long[0];
    if (!Int8Weight.isWorthwhile(weight)) {
      throw new InvalidInputException(file + " has a range for " + Quoted.of(name) + ", but "
          + network.describe() + " has no such layer; the calibration is for another base: make"
          + " one for this base with likeness calibrate");
    }
    long[] shape = tensors.header().shape(name);
    boolean fits = tensors.header().dtype(name) == DType.F32
        && shape.length == 1
        && (shape[0] == ENDS || shape[0] == ENDS + weight[1]);
    if (!fits) {
      throw new InvalidInputException(file + ": the range " + Quoted.of(name) + " is "
          + tensors.header().dtype(name) + " " + Arrays.toString(shape) + ", expected F32 [2] or"
          + " [" + (ENDS + weight[1]) + "]; the calibration is for another base or broken: make"
          + " one for this base with likeness calibrate");
    }
    float[] numbers = ImageTensors.floats(tensors.read(name));
    InputRange range =
        new InputRange(numbers[0], numbers[1], Arrays.copyOfRange(numbers, ENDS, numbers.length));
    if (!range.isValid()) {
      throw new InvalidInputException(file + ": the range " + Quoted.of(name)
          + " is not a range of finite numbers; make the calibration again with likeness"
          + " calibrate");
    }
    return range;
  }

  /**
   * Writes the file. It is complete or not there.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException if it cannot be written
   */
  public void write(Path file) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      ranges.forEach((name, range) -> {
        float[] numbers = new float[ENDS + range.divisors().length];
        numbers[0] = (float) range.low();
        numbers[1] = (float) range.high();
        System.arraycopy(range.divisors(), 0, numbers, ENDS, range.divisors().length);
        tensors.put(name, torch.tensor(numbers));
      });
      SafetensorsWriter.write(file, tensors, Map.of(FORMAT, VERSION));
    }
  }
}
