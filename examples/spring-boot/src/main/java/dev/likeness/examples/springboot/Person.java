package dev.likeness.examples.springboot;

import dev.likeness.diffusion.Consent;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/** A person with photos, training and headshots. It has at most one job at a time. */
final class Person implements AutoCloseable {
  record State(
      GenerationJob.State job, boolean trained, List<Integer> headshots, List<Integer> suggested) {}

  final PhotoReview review;
  final Consent consent;
  final ProgressFeed feed;
  private GenerationJob<?> job;
  private LoraPerson trained;
  private final Map<Integer, Headshot> headshots = new TreeMap<>();
  private List<Headshot> best = List.of();

  Person(PhotoReview review, Consent consent, ProgressFeed feed) {
    this.review = review;
    this.consent = consent;
    this.feed = feed;
  }

  synchronized void start(Supplier<GenerationJob<?>> submit) {
    if (job != null && !job.isDone()) {
      throw new IllegalArgumentException("this person has a job; wait for its end, or cancel it");
    }
    job = submit.get();
  }

  synchronized LoraPerson trained() {
    return Optional.ofNullable(trained)
        .orElseThrow(() -> new IllegalArgumentException("this person is not trained yet"));
  }

  synchronized Person keep(LoraPerson person) {
    closeTrained();
    trained = person;
    return this;
  }

  synchronized Person keep(Shoot shoot) {
    headshots.clear();
    shoot.headshots().forEach(each -> headshots.put(headshots.size() + 1, each));
    best = shoot.best(headshots.size());
    return this;
  }

  /** Keeps the chosen headshots and deletes the others. */
  synchronized void choose(Set<Integer> numbers) {
    if (!headshots.keySet().containsAll(numbers)) {
      throw new IllegalArgumentException("there are only the headshots " + headshots.keySet());
    }
    headshots.keySet().retainAll(numbers);
  }

  synchronized Optional<Headshot> headshot(int number) {
    return Optional.ofNullable(headshots.get(number));
  }

  /** The state of the last job, the numbers of all headshots, and those that are suggested. */
  synchronized State state() {
    List<Integer> all = List.copyOf(headshots.keySet());
    List<Integer> good =
        all.stream().filter(n -> best.contains(headshots.get(n))).toList();
    return new State(job == null ? null : job.state(), trained != null, all, good);
  }

  /** Cancels the job, if there is one, and returns it. */
  synchronized Optional<GenerationJob<?>> cancel() {
    Optional.ofNullable(job).ifPresent(GenerationJob::cancel);
    return Optional.ofNullable(job);
  }

  /** Cancels the job, waits for its end, and frees the weights. */
  @Override
  public void close() {
    cancel()
        .ifPresent(
            last -> last.toCompletableFuture().handle((done, failed) -> done).join());
    closeTrained();
  }

  private synchronized void closeTrained() {
    Optional.ofNullable(trained).ifPresent(LoraPerson::close);
  }
}
