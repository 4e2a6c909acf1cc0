package dev.likeness.diffusion;

import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.schedulers.Prediction;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The files of a base model: a folder or a single file, and component files, each of which replaces
 * a component.
 *
 * <p>No file is read before {@link BaseModel#open(ModelFiles,
 * dev.likeness.diffusion.tensor.Compute) BaseModel.open}.
 *
 * @param path a diffusers folder, a folder of the Hugging Face cache, or a single file
 *     ({@code .safetensors}, {@code .ckpt}, {@code .gguf})
 * @param components folders or files that replace components, by diffusers' component names:
 *     {@code unet}, {@code transformer}, {@code vae}, {@code text_encoder}, {@code text_encoder_2},
 *     {@code text_encoder_3}
 * @param prediction the prediction type of the UNet; empty to use the type that the files state
 * @param calibration a file of {@link EightBitCalibration} for products in 8 bits on a CPU; empty
 *     to use the file beside the base, if there is one
 */
public record ModelFiles(
    Path path,
    Map<String, Path> components,
    Optional<Prediction> prediction,
    Optional<Path> calibration) {
  /**
   * Copies the map of component files.
   *
   * @throws IllegalArgumentException if the prediction is {@link Prediction#FLOW}
   */
  public ModelFiles {
    components = Collections.unmodifiableMap(new LinkedHashMap<>(components));
    if (prediction.equals(Optional.of(Prediction.FLOW))) {
      throw new IllegalArgumentException(
          "the prediction type of a UNet must be epsilon, v_prediction or sample,"
              + " got flow_prediction");
    }
  }

  /**
   * {@return the files of a model, with no component replaced}
   *
   * @param path a diffusers folder, a folder of the Hugging Face cache, or a single file
   */
  public static ModelFiles of(Path path) {
    return new ModelFiles(path, Map.of(), Optional.empty(), Optional.empty());
  }

  /**
   * {@return these files with one component replaced}
   *
   * @param component the component's name in diffusers, for example {@code vae}
   * @param files a folder or file in any supported key format. The tokenizer of a text encoder
   *     other than CLIP is read from this folder or from beside the file. If there is no tokenizer,
   *     the base's tokenizer is used. The new encoder must then have the same vocabulary size as
   *     the base's encoder
   */
  public ModelFiles with(String component, Path files) {
    Map<String, Path> all = new LinkedHashMap<>(components);
    all.put(component, files);
    return new ModelFiles(path, all, prediction, calibration);
  }

  /**
   * {@return a copy of these files with the given prediction type of the UNet} Some Stable
   * Diffusion 1.x and XL models use v-prediction, but their files do not state the prediction type.
   * Without a call of this method, such models generate only noise.
   *
   * @param prediction the prediction type of the UNet, for example {@link Prediction#V}
   * @throws IllegalArgumentException if the prediction is {@link Prediction#FLOW}
   */
  public ModelFiles prediction(Prediction prediction) {
    return new ModelFiles(path, components, Optional.of(prediction), calibration);
  }

  /**
   * {@return a copy of these files with the given calibration of products in 8 bits} It is used if
   * the base is opened with {@link dev.likeness.diffusion.tensor.MemoryBudget.EightBits#PRODUCTS}
   * on a CPU. Without this method, the file beside the base is used: {@code eight-bits.safetensors}
   * in a folder, and {@code NAME.eight-bits.safetensors} beside a single file
   * {@code NAME.safetensors}.
   *
   * @param file a file that {@link EightBitCalibration#write} wrote
   */
  public ModelFiles calibration(Path file) {
    return new ModelFiles(path, components, prediction, Optional.of(file));
  }

  ModelComponents opened() {
    ModelComponents opened = ModelOpener.open(path);
    for (Map.Entry<String, Path> component : components.entrySet()) {
      opened = opened.with(component.getKey(), component.getValue());
    }
    if (prediction.isPresent()) {
      opened = new ModelComponents.Predicting(opened, prediction.get());
    }
    return calibration.isPresent() ? new ModelComponents.Calibrated(opened, calibration) : opened;
  }
}
