package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.integrations.spark.PersonResult.Status;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.util.SerializableConfiguration;

/**
 * The task for one person: does the work, or finds that it is done, and never lets one person's
 * fault reach another one.
 *
 * @param settings the settings of the job
 * @param out the output folder
 * @param hadoop the configuration of Hadoop's file systems
 * @param job the application's id
 * @param maxFailures the number of failures of a task after which Spark ends the job
 * @param counters the metrics of the job
 */
record PersonTask(
    JobSettings settings,
    String out,
    SerializableConfiguration hadoop,
    String job,
    int maxFailures,
    JobCounters counters)
    implements Serializable {
  /** Thrown so that Spark tries a task again, perhaps on another machine. */
  private static final class TryAgainException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TryAgainException(Throwable cause) {
      super("the attempt failed and is repeated: " + cause, cause);
    }
  }

  /** Runs the task for one row. */
  PersonResult run(PersonRow row) {
    TaskAttempt attempt = TaskAttempt.current(maxFailures);
    PersonResult result;
    try {
      result = row.problem().isEmpty()
          ? work(row, attempt)
          : without(row, Status.REFUSED, row.problem(), attempt);
    } catch (InvalidInputException | IllegalArgumentException e) {
      result = without(row, Status.REFUSED, reason(e), attempt);
    } catch (CancelledException e) {
      throw e;
    } catch (IOException | RuntimeException | OutOfMemoryError | LinkageError e) {
      if (TaskAttempt.isStopped() || !attempt.last() && !isFinal(e)) {
        throw new TryAgainException(e);
      }
      result = without(row, Status.FAILED, reason(e), attempt);
    }
    counters.count(result);
    return result;
  }

  /** Returns true if the same work would fail on every equal machine. */
  private static boolean isFinal(Throwable failure) {
    return failure instanceof ResourceLimitException
        && ResourceLimitException.isOutOfMemory(
            Optional.ofNullable(failure.getCause()).orElse(failure));
  }

  private static PersonResult without(
      PersonRow row, Status status, String why, TaskAttempt attempt) {
    return PersonResult.without(row.id(), status, why, attempt.seconds());
  }

  private static String reason(Throwable failure) {
    return failure.getMessage() == null
        ? failure.getClass().getSimpleName()
        : failure.getMessage().lines().findFirst().orElse("");
  }

  private PersonResult work(PersonRow row, TaskAttempt attempt) throws IOException {
    PersonPlan plan = PersonPlan.of(row);
    SharedFiles files = new SharedFiles(hadoop.value(), settings.schemes());
    JobFolders folders = new JobFolders(new Path(out));
    if (!new Tombstones(files, folders).of(row.id()).equals(row.tombstone())) {
      return unwanted(row, attempt);
    }
    List<PersonKey.PhotoFile> photos = NumberedPhotos.read(row.photos(), files);
    ExecutorModel model = counters.model(settings);
    String key = PersonKey.of(row, photos, model);
    PersonFolder folder =
        new PersonFolder(files, folders, row.id(), key, job, attempt.number(), row.tombstone());
    Optional<PersonResult> finished = folder.findFinished();
    if (finished.isPresent()) {
      folder.sweep();
      return finished.get();
    }
    // The photos and the model may have taken minutes to load.
    if (folder.isErased()) {
      return unwanted(row, attempt);
    }
    int died = folder.begin();
    if (folder.isErased()) {
      folder.withdraw();
      return unwanted(row, attempt);
    }
    if (attempt.last() && died > 0 && died >= maxFailures - 1) {
      folder.end();
      return without(
          row,
          Status.FAILED,
          "the process of the executor ended " + died
              + (died == 1 ? " time" : " times")
              + " during the work on this person; see the logs of the executors",
          attempt);
    }
    Cancellation cancellation = new Cancellation();
    try (TrainingStates states = new TrainingStates(files, folder, cancellation::cancel)) {
      return shoot(row, plan, photos, model, states, folder, key, attempt, cancellation);
    } catch (IOException | RuntimeException | Error e) {
      if (folder.isWanted()) {
        folder.end();
      }
      throw e;
    }
  }

  private PersonResult shoot(
      PersonRow row,
      PersonPlan plan,
      List<PersonKey.PhotoFile> photos,
      ExecutorModel model,
      TrainingStates states,
      PersonFolder folder,
      String key,
      TaskAttempt attempt,
      Cancellation cancellation)
      throws IOException {
    int[] smaller = new int[1];
    PersonShoot shoot = new PersonShoot(model, plan, states, cancellation, () -> smaller[0]++);
    try {
      shoot.run(photos, settings.saveInterval(), TaskAttempt.cancelling(cancellation));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (CancelledException e) {
      if (TaskAttempt.isStopped()) {
        throw e;
      }
      return folder.findFinished().orElseGet(() -> unwanted(row, attempt));
    }
    Map<String, Object> metrics = new LinkedHashMap<>();
    metrics.put("key", key);
    metrics.put("created", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    metrics.put("application", job);
    metrics.put("host", InetAddress.getLocalHost().getHostName());
    metrics.put("process", ProcessHandle.current().pid());
    metrics.put("compute", model.base().compute().toString());
    metrics.put("attempt", attempt.number());
    metrics.put("resumed_from_step", states.resumedFrom());
    metrics.put("training_steps", states.computedSteps());
    metrics.put("states_not_saved", states.failures());
    metrics.put("smaller_batches", smaller[0]);
    metrics.put("likeness", Double.isNaN(shoot.likeness()) ? null : shoot.likeness());
    metrics.put("seconds", shoot.seconds());
    metrics.put("seconds_total", attempt.seconds());
    metrics.put("cpu_seconds_of_thread", attempt.cpuSeconds());
    metrics.put("reasons", shoot.reasons());
    Optional<PersonResult> written = folder.commit(shoot.files(), metrics);
    if (written.isEmpty()) {
      return unwanted(row, attempt);
    }
    PersonResult result = written.get();
    counters.trainingSteps().add(states.computedSteps());
    counters.resumed().add(states.resumedFrom() > 0 ? 1 : 0);
    counters
        .images()
        .add(shoot.files().keySet().stream()
            .filter(name -> name.endsWith(".png"))
            .count());
    counters.smallerBatches().add(smaller[0]);
    return new PersonResult(
        result.id(),
        result.status(),
        result.reasons(),
        result.likeness(),
        result.paths(),
        result.seconds(),
        false,
        states.resumedFrom());
  }

  private static PersonResult unwanted(PersonRow row, TaskAttempt attempt) {
    return without(
        row,
        Status.REFUSED,
        "the person was erased, or given to another job with other options, during the work",
        attempt);
  }
}
