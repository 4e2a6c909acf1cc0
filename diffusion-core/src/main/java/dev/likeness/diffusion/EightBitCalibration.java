package dev.likeness.diffusion;

import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.memory.Calibration;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.memory.InputMeasurement;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.pipeline.Engine;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * A calibration of products in 8 bits on a CPU: how the input of each layer of a UNet or
 * transformer is rounded to bytes, and which layers keep the network's element type because
 * rounding would change their results too much.
 *
 * <p>A calibration is measured once for a base, while the base generates a few images, and written
 * to a file. {@link BaseModel#open(ModelFiles, Compute, MemoryBudget)} reads the file if the budget
 * asks for {@link EightBits#PRODUCTS}. A base that was fine-tuned from the calibrated base can use
 * the same file.
 */
public final class EightBitCalibration {
  /**
   * The largest error of a layer in 8 bits, as a share of its result's size. Layers with a larger
   * error keep their type.
   */
  private static final double LARGEST_ERROR = 0.05;

  /** The phase of progress in which products are compared. */
  private static final String COMPARISON = "compare";

  private final Calibration calibration;
  private final Map<String, Double> errors;

  private EightBitCalibration(Calibration calibration, Map<String, Double> errors) {
    this.calibration = calibration;
    this.errors = errors;
  }

  /**
   * Measures a base, and reports no progress. This method throws the exceptions of
   * {@link #measure(ModelFiles, Compute, List, Run)}.
   *
   * @param files the files of the base
   * @param compute a CPU, and the element type of exact products
   * @param requests the images to generate
   * @return the calibration
   */
  public static EightBitCalibration measure(
      ModelFiles files, Compute compute, List<ImageRequest> requests) {
    return measure(files, compute, requests, Run.silent());
  }

  /**
   * Measures a base. The base generates the images of the requests with exact products, which finds
   * the range of each layer's input. Then products in 8 bits of parts of these inputs are compared
   * with exact ones. Each layer gets the best of six ranges: the whole range, three quarters and
   * half of it, each with and without the divisors of SmoothQuant.
   *
   * <p>A few requests with different prompts and four to ten steps are enough. They should be like
   * those that will be generated.
   *
   * @param files the files of the base
   * @param compute a CPU, and the element type of exact products
   * @param requests the images to generate; at least one, with seeds
   * @param run receives progress, and stops the work if it is cancelled
   * @return the calibration
   * @throws IllegalArgumentException if there is no request, or {@code compute} is not a CPU
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component of the base is
   *     missing, broken or not supported
   * @throws dev.likeness.diffusion.error.CancelledException if the run is cancelled
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the CPU has no VNNI, or if there
   *     is too little memory
   */
  public static EightBitCalibration measure(
      ModelFiles files, Compute compute, List<ImageRequest> requests, Run run) {
    if (requests.isEmpty() || !compute.isCpu()) {
      throw new IllegalArgumentException("a calibration needs a CPU and at least one request, got "
          + compute.device() + " and " + requests.size() + " requests");
    }
    MemoryPlan.requireProducts(compute, MemoryBudget.unlimited().allow8Bit(EightBits.PRODUCTS));
    compute.requireAvailable();
    ModelComponents components = files.opened();
    String network = FamilyRegistry.of(components).memory(components).component();
    try (InputMeasurement measurement = new InputMeasurement();
        BaseModel base =
            new BaseModel(Engine.open(new Measured(components, network, measurement), compute))) {
      return run.report(() -> {
        base.generateAll(requests, run.part());
        run.progress().onEvent(new ProgressEvent.Phase(COMPARISON, measurement.layers()));
        measurement.compare(layer -> run.progress()
            .onEvent(new ProgressEvent.Step(COMPARISON, layer, measurement.layers())));
        return new EightBitCalibration(
            measurement.calibration(LARGEST_ERROR), measurement.errors());
      });
    }
  }

  /** A model whose denoising network passes the inputs of its layers to a measurement. */
  private record Measured(ModelComponents base, String network, InputMeasurement measurement)
      implements ModelComponents.Derived {
    @Override
    public LayerInputs layerInputs(String component) {
      return component.equals(network)
          ? new LayerInputs(Optional.empty(), Optional.of(measurement))
          : LayerInputs.NONE;
    }

    @Override
    public ModelComponents with(String component, Path files) {
      return new Measured(base.with(component, files), network, measurement);
    }
  }

  /** {@return the number of layers that multiply in 8 bits} */
  public int layers() {
    return calibration.ranges().size();
  }

  /**
   * {@return the layers that keep the network's element type, sorted by name, with the error that
   * they would have in 8 bits} The error is the root mean square of the difference, as a share of
   * the root mean square of the layer's result.
   */
  public Map<String, Double> exactLayers() {
    return errors.entrySet().stream()
        .filter(layer -> !calibration.ranges().containsKey(layer.getKey()))
        .collect(Collectors.toMap(
            Map.Entry::getKey, Map.Entry::getValue, (one, other) -> one, TreeMap::new));
  }

  /**
   * Writes the calibration to a safetensors file, which is replaced if it exists.
   *
   * @param file the file; {@link ModelFiles#calibration(Path)} says where it is found
   * @throws dev.likeness.diffusion.error.ResourceLimitException if it cannot be written
   */
  public void write(Path file) {
    calibration.write(file);
  }

  /**
   * {@return the place where a base finds its calibration: {@code eight-bits.safetensors} in a
   * folder, {@code NAME.eight-bits.safetensors} beside a single file}
   *
   * @param base the folder or the single file of the base
   */
  public static Path fileFor(Path base) {
    return Files.isDirectory(base) ? base.resolve(Calibration.FILE) : Calibration.beside(base);
  }
}
