/**
 * Many persons at once on one base model.
 *
 * <p>A {@link GenerationQueue} runs jobs of a studio on a few threads, within a memory budget, by
 * priority. A {@link GenerationJob} is a {@link java.util.concurrent.Future} that can be cancelled
 * while it waits or runs, and reports its progress. A full queue refuses further jobs at once.
 * Closing it cancels what is left.
 *
 * <pre>{@code
 * try (BaseModel base = BaseModel.open(Path.of("base"), Compute.best());
 *     TrainedPerson ada = TrainedPerson.open(Path.of("ada.safetensors"), base);
 *     GenerationQueue queue = GenerationQueue.on(
 *         HeadshotStudio.on(base), new GenerationQueue.Options(2, 100, 8L << 30))) {
 *   GenerationJob<Shoot> job = queue.shoot(ada, ShootRequest.of(Style.named("studio"), 4));
 *   System.out.println(job.join().headshots().size());
 * }
 * }</pre>
 */
package dev.likeness.headshots.queue;
