package dev.likeness.examples.springboot;

import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.headshots.GenerationQueue.QueueFullException;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Errors as problem details: 400 for wrong input, 429 for a full queue, 503 for a limit. */
@RestControllerAdvice
class ErrorAnswers {
  @ExceptionHandler({IllegalArgumentException.class, LikenessException.class})
  ProblemDetail answer(RuntimeException e) {
    HttpStatus status = e instanceof QueueFullException
        ? HttpStatus.TOO_MANY_REQUESTS
        : e instanceof ResourceLimitException
            ? HttpStatus.SERVICE_UNAVAILABLE
            : HttpStatus.BAD_REQUEST;
    return ProblemDetail.forStatusAndDetail(status, e.getMessage());
  }
}
