/**
 * What training is given: images, token, optimiser, validation.
 *
 * <p>A {@link TrainingSet} holds {@link TrainingExample images} with optional captions and masks,
 * the {@link PersonToken} that prompts will name, and folders in which to keep state and cached
 * latents. {@link AspectBuckets} fits images of several shapes. {@link OptimizerOptions} has what
 * {@link LoraTraining} does not: the optimiser, DoRA or LoKr ({@link LoraForm}), gradient
 * checkpointing and more. {@link ValidationOptions} generates images on the way and keeps the best
 * checkpoint. {@link TrainingMemory} estimates memory before anything is trained.
 *
 * <pre>{@code
 * List<RgbImage> images = List.of(RgbImage.read(Path.of("ada-1.png")));
 * TrainingSet set = TrainingSet.of(images, PersonToken.of("a woman")).state(Path.of("state"));
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   LoraTraining training = TrainingPreset.BALANCED.of(base, images.size());
 *   System.out.println(training.memory(base));
 *   try (TrainedPerson ada = training.train(base, set, Progress.SILENT, new Cancellation())) {
 *     ada.save(Path.of("ada.safetensors"));
 *   }
 * }
 * }</pre>
 */
package dev.likeness.lora.training;
