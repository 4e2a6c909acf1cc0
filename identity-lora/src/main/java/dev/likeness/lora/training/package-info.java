/**
 * What training is given: settings, images, token, validation.
 *
 * <p>{@link LoraTraining} has the settings of a training, and {@link TrainingPreset} those that
 * suit a base; {@link dev.likeness.lora.LoraTrainer} trains by them. A {@link TrainingSet} holds
 * {@link TrainingExample images} with optional captions and masks, the {@link PersonToken} that
 * prompts will name, and folders in which to keep state and cached latents. {@link AspectBuckets}
 * fits images of several shapes. {@link OptimizerOptions} has what few people change: the
 * optimiser, DoRA or LoKr ({@link LoraForm}), gradient checkpointing and more.
 * {@link ValidationOptions} generates images on the way and keeps the best checkpoint.
 * {@link TrainingMemory} says what a training takes of memory.
 *
 * <pre>{@code
 * List<RgbImage> images = List.of(RgbImage.read(Path.of("ada-1.png")));
 * TrainingSet set = TrainingSet.of(images, PersonToken.of("a woman")).stateFile(Path.of("state"));
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best())) {
 *   LoraTrainer trainer = new LoraTrainer(TrainingPreset.BALANCED.of(base, images.size()));
 *   System.out.println(trainer.memory(base));
 *   try (TrainedPerson ada = trainer.train(base, set, Progress.SILENT, new Cancellation())) {
 *     ada.save(Path.of("ada.safetensors"));
 *   }
 * }
 * }</pre>
 */
package dev.likeness.lora.training;
