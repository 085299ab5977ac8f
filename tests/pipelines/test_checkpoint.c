/* test_checkpoint.c - a mark goes through a run, and what nodes keep comes back as it was saved. */
#include <fcntl.h>
#include <unistd.h>

#include "journal/journal.h"
#include "mock_task.h"
#include "run/checkpoints.h"
#include "run_rig.h"
#include "temp_tree.h"

/* A node that keeps one of each. */
struct keeper {
    int fd;
    uint64_t offset;
    weir_text got;
};

static int save(void *arg, struct wp_save *to)
{
    struct keeper *keeper = arg;
    const struct wp_position position = { "in", keeper->offset, "id", 2 };
    const struct wp_written done = {
        .path = "/tmp/.x", .size = 3, .fd = keeper->fd, .rename_to = "/tmp/x", .complete = true
    };
    const struct wp_written open = { .path = "/tmp/y", .size = 4, .fd = keeper->fd };
    CHECK_EQ(wp_save_bytes(to, "one", 3), 0);
    CHECK_EQ(wp_save_position(to, &position), 0);
    CHECK_EQ(wp_save_written(to, &done), 0);
    CHECK_EQ(wp_save_written(to, &open), 0);
    return wp_save_bytes(to, "", 0);
}

static int load(void *arg, struct wp_load *from)
{
    struct keeper *keeper = arg;
    struct wp_position position;
    struct wp_written file;
    const void *data;
    size_t size;
    CHECK_EQ(wp_load_bytes(from, &data, &size), 1);
    CHECK(size == 3 && memcmp(data, "one", 3) == 0);
    CHECK_EQ(wp_load_bytes(from, &data, &size), 1);
    CHECK_EQ(size, 0);
    CHECK_EQ(wp_load_bytes(from, &data, &size), 0);
    CHECK_EQ(wp_load_position(from, &position), 1);
    CHECK_STR(position.path, "in");
    CHECK(position.identity_size == 2 && memcmp(position.identity, "id", 2) == 0);
    keeper->offset = position.offset;
    CHECK_EQ(wp_load_written(from, &file), 1); /* the complete one is left out */
    CHECK_STR(file.path, "/tmp/y");
    CHECK(file.size == 4 && file.rename_to == NULL);
    CHECK_EQ(wp_load_written(from, &file), 0);
    return 0;
}

static const struct wp_kept kept = { save, load };

struct marked {
    struct run_rig rig;
    struct run_node *source, *sink;
    struct mock_task task;
};

static void open_run_with(struct marked *marked, struct journal *journal)
{
    static const char text[] = "stdin | null";
    size_t needed;
    run_rig_plan(&marked->rig, text, sizeof text - 1);
    CHECK_EQ(run_rig_create(&marked->rig, &needed), 0);
    marked->source = &marked->rig.run->nodes[0];
    marked->sink = &marked->rig.run->nodes[1];
    marked->source->is_source = true;
    CHECK_EQ(wp_checkpoints_create(marked->rig.run, &marked->rig.plan, journal), 0);
    wp_checkpoints_seat(marked->rig.run);
    mock_task_init(&marked->task);
}

static void open_run(struct marked *marked)
{
    open_run_with(marked, NULL);
}

static struct wp_checkpoint_pass pass_of(struct marked *marked)
{
    /* cppcheck-suppress nullPointer ; nothing is read there, it is asked for its type */
    return WEIR_CALL(wp_checkpoint_pass, .node = marked->source);
}

static struct wp_edge_recv recv_of(struct marked *marked, struct parcel *parcel)
{
    /* cppcheck-suppress nullPointer ; nothing is read there, it is asked for its type */
    return WEIR_CALL(wp_edge_recv, .node = marked->sink, .ret_parcel = parcel);
}

static struct wp_edge_send send_end(struct marked *marked)
{
    /* cppcheck-suppress nullPointer ; nothing is read there, it is asked for its type */
    return WEIR_CALL(wp_edge_send, .node = marked->source, .parcel = { .last = true });
}

/* As the checkpointer does it. */
static struct mark *want(struct marked *marked)
{
    struct mark *mark = marked->rig.run->checkpoints->now;
    weir_cancel(mark->wanted);
    wp_mark_put(mark);
    return mark;
}

/* Sources wait until the last node has seen the mark, and until all is written down where that is asked for. */
static void test_a_source_waits_until_its_mark_is_through_and_settled(void)
{
    struct marked marked;
    struct parcel parcel = { 0 };
    open_run(&marked);
    struct wp_checkpoint_pass pass = pass_of(&marked);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_READY); /* nobody wants one */

    weir_cancelled_future wait = wp_checkpoint_wait(marked.source);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(wait)) == WEIR_PENDING);
    struct mark *mark = want(&marked);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(wait)) == WEIR_READY);
    pass = pass_of(&marked);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_PENDING);
    CHECK(!weir_cancel_is_cancelled(mark->through));
    CHECK(wp_checkpoint_holds(marked.source));

    struct wp_edge_recv recv = recv_of(&marked, &parcel);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(recv)) == WEIR_PENDING);
    CHECK(weir_cancel_is_cancelled(mark->through));
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_PENDING);
    weir_cancel(mark->settled);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_READY);
    CHECK(!wp_checkpoint_is_wanted(marked.source) && !wp_checkpoint_holds(marked.source));
    weir_drop(recv);
    run_rig_close(&marked.rig);
}

/* Whoever holds back data gets the mark as a parcel, and until it hands it on no checkpoint is through. */
static void test_a_node_that_takes_marks_hands_them_on_itself(void)
{
    struct marked marked;
    struct parcel parcel = { 0 };
    open_run(&marked);
    marked.sink->takes_marks = true;
    struct mark *mark = want(&marked);
    struct wp_checkpoint_pass pass = pass_of(&marked);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_PENDING);
    struct wp_edge_recv recv = recv_of(&marked, &parcel);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(recv)) == WEIR_READY);
    CHECK(parcel.mark == mark && !weir_cancel_is_cancelled(mark->through));
    struct wp_mark_hand_on on = wp_checkpoint_hand_on(marked.sink, &parcel);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(on)) == WEIR_READY);
    CHECK(parcel.mark == NULL && weir_cancel_is_cancelled(mark->through));
    weir_drop(pass);
    run_rig_close(&marked.rig);
}

/* Whoever gives more than that in a second needn't do all of it again after a fall. */
static void test_a_source_that_has_given_much_wants_a_checkpoint_before_its_time(void)
{
    struct marked marked;
    open_run(&marked);
    marked.rig.run->checkpoints->bytes_max = 100;
    struct mark *mark = marked.rig.run->checkpoints->now;
    weir_chunk chunk = { .size = 60 };
    const struct parcel parcel = { .chunk = &chunk };
    wp_mark_weigh(marked.source, &parcel);
    CHECK(!weir_cancel_is_cancelled(mark->full));
    wp_mark_weigh(marked.source, &parcel);
    CHECK(weir_cancel_is_cancelled(mark->full));
    CHECK_EQ(want(&marked) == mark, true);
    struct wp_checkpoint_pass pass = pass_of(&marked);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_PENDING);
    CHECK(marked.source->seat.given == 0 && !weir_cancel_is_cancelled(marked.source->seat.next->full));
    weir_drop(pass);
    run_rig_close(&marked.rig);
}

/* An edge that nobody reads any more can't hold up a checkpoint. */
static void test_a_mark_in_an_edge_that_goes_is_through(void)
{
    struct marked marked;
    open_run(&marked);
    struct mark *mark = want(&marked);
    struct wp_checkpoint_pass pass = pass_of(&marked);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_PENDING);
    weir_mpsc_receiver_drop(marked.sink->from);
    marked.sink->from = NULL;
    CHECK(weir_cancel_is_cancelled(mark->through));
    weir_drop(pass);
    run_rig_close(&marked.rig);
}

/*
 * Who leaves what feeds it loses the marks that come, while what it gave may be on its way: nothing is written down
 * until all has ended, and sources don't wait for it. (Without a journal a record would crash.)
 */
static void test_a_run_that_is_closed_takes_no_checkpoint_but_the_last(void)
{
    struct marked marked;
    open_run(&marked);
    struct mock_task checkpoints;
    mock_task_init(&checkpoints);
    /* cppcheck-suppress nullPointer ; nothing is read there, it is asked for its type */
    struct wp_checkpointer checkpointer = WEIR_CALL(wp_checkpointer, .run = marked.rig.run);
    CHECK(mock_task_poll(&checkpoints, WEIR_HEAD(checkpointer)) == WEIR_PENDING);
    struct wp_checkpoint_pass pass = pass_of(&marked);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_PENDING);
    wp_checkpoint_close(marked.sink);
    weir_mpsc_receiver_drop(marked.sink->from);
    marked.sink->from = NULL;
    CHECK(mock_task_poll(&checkpoints, WEIR_HEAD(checkpointer)) == WEIR_PENDING);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(pass)) == WEIR_READY);
    CHECK(!wp_checkpoint_is_wanted(marked.source));
    weir_drop(checkpointer);
    run_rig_close(&marked.rig);
}

/* A source that ends has given all it had before its mark, wanted or not: others' checkpoints don't wait for it. */
static void test_a_source_that_ends_hands_on_its_mark_before_its_end(void)
{
    struct marked marked;
    struct parcel parcel = { 0 };
    open_run(&marked);
    marked.sink->takes_marks = true;
    struct wp_edge_send send = send_end(&marked);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(send)) == WEIR_READY);
    struct wp_edge_recv recv = recv_of(&marked, &parcel);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(recv)) == WEIR_READY);
    CHECK(parcel.mark != NULL && !parcel.last);
    wp_parcel_put(&parcel);
    recv = recv_of(&marked, &parcel);
    CHECK(mock_task_poll(&marked.task, WEIR_HEAD(recv)) == WEIR_READY);
    CHECK(parcel.last);
    struct mark *mark = want(&marked);
    CHECK(weir_cancel_is_cancelled(mark->through));
    run_rig_close(&marked.rig);
}

static void test_what_a_node_keeps_comes_back(void)
{
    struct marked marked;
    struct keeper keeper = { .fd = open("/dev/null", O_RDONLY | O_CLOEXEC), .offset = 7 };
    open_run(&marked);
    CHECK(wp_checkpoint_is_on(marked.source));
    CHECK_EQ(wp_checkpoint_keep(marked.source, &kept, &keeper), 0);
    CHECK_EQ(wp_checkpoints_save(marked.source), 0);
    CHECK_EQ(wp_checkpoint_ended(marked.source), 0);
    weir_text record = { 0 }, errors = { 0 };
    CHECK_EQ(wp_checkpoints_record(marked.rig.run->checkpoints, 1, false, &record), 0);
    run_rig_close(&marked.rig);

    struct temp_tree tree;
    struct journal *journal;
    temp_tree_init(&tree);
    CHECK_EQ(wp_journal_open(tree.path, JOURNAL_WRITE, &journal, &errors), 0);
    CHECK_EQ(wp_journal_append(journal, &record), 0);
    open_run_with(&marked, journal);
    CHECK_EQ(marked.rig.run->checkpoints->now->number, 2);
    keeper.offset = 0;
    CHECK_EQ(wp_checkpoint_keep(marked.source, &kept, &keeper), 1);
    CHECK_EQ(keeper.offset, 7);
    CHECK_EQ(wp_checkpoint_opening(marked.source, "/tmp/y", 4, false), 0);
    (void)close(keeper.fd);
    run_rig_close(&marked.rig);
    wp_journal_close(journal);
    weir_text_fini(&record);
    temp_tree_fini(&tree);
}

int main(void)
{
    RUN(test_a_source_waits_until_its_mark_is_through_and_settled);
    RUN(test_a_node_that_takes_marks_hands_them_on_itself);
    RUN(test_a_source_that_has_given_much_wants_a_checkpoint_before_its_time);
    RUN(test_a_mark_in_an_edge_that_goes_is_through);
    RUN(test_a_run_that_is_closed_takes_no_checkpoint_but_the_last);
    RUN(test_a_source_that_ends_hands_on_its_mark_before_its_end);
    RUN(test_what_a_node_keeps_comes_back);
    return check_done();
}
