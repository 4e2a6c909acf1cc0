/**
 * The input of a training: settings, images, the token of the person, and validation.
 *
 * <p>{@link TrainingSettings} has the settings of a training; {@link TrainingPreset} chooses
 * settings for a base. {@link dev.likeness.lora.LoraTrainer} trains with them. A
 * {@link TrainingSet} has {@link TrainingExample images} with optional captions and masks, and the
 * {@link PersonToken} that prompts use. It may also name a state file and a folder for cached
 * latents. {@link AspectBuckets} crops and resizes images to a few sizes of nearly equal area.
 * {@link ValidationOptions} describes images that the training generates to find its best
 * checkpoint. {@link TrainingMemory} estimates the memory that a training needs.
 *
 * <pre>{@code
 * List<RgbImage> images = List.of(RgbImage.read(Path.of("ada-1.png")));
 * TrainingSet set = TrainingSet.of(images, PersonToken.of("a woman")).stateFile(Path.of("state"));
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   LoraTrainer trainer = new LoraTrainer(TrainingPreset.BALANCED.of(base, images.size()));
 *   System.out.println(trainer.memory(base));
 *   try (LoraPerson ada = trainer.train(base, set)) {
 *     ada.save(Path.of("ada.safetensors"));
 *   }
 * }
 * }</pre>
 */
@NullMarked
package dev.likeness.lora.training;

import org.jspecify.annotations.NullMarked;
