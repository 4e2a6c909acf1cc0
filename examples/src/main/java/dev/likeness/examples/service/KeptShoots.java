package dev.likeness.examples.service;

import dev.likeness.headshots.Shoot;
import dev.likeness.headshots.queue.Job;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Shoots by id: so many, and all that still wait or run. The oldest finished ones are forgotten, so that memory stays
 * bounded.
 */
final class KeptShoots {
  private final int most;
  private final Map<String, Job<Shoot>> shoots = new LinkedHashMap<>();

  KeptShoots(int most) {
    this.most = most;
  }

  /** Returns the shoot's id. */
  synchronized String add(Job<Shoot> job) {
    String id = Long.toString(job.number());
    Iterator<Job<Shoot>> oldest = shoots.values().iterator();
    while (shoots.size() >= most && oldest.hasNext()) {
      if (oldest.next().isDone()) {
        oldest.remove();
      }
    }
    shoots.put(id, job);
    return id;
  }

  /** Null for one that never was, or is forgotten. */
  synchronized Job<Shoot> job(String id) {
    return shoots.get(id);
  }
}
